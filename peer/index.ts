export { connectPeer, type PeerConnection } from './api/client.ts'
export type { PeerApi } from './api/peer-api.ts'
export { createPeer, type Peer } from './peer.ts'
export type { PeerInit } from './peer-init.ts'
