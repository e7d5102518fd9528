export { connectPeer, type PeerConnection } from './api/client.ts'
export type { PeerApi } from './api/peer-api.ts'
export { createPeer, type Peer, type PeerInit } from './peer.ts'
