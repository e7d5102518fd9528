// An intake host as a process of its own, killed at any moment.
import type { DatanetDraft } from '../../peer/api/datanets-api.ts'
import { createPeer, type Peer } from '../../peer/peer.ts'
import type { PeerInit } from '../../peer/peer-init.ts'
import { answerRequests } from '../bench/pay/child.ts'

let peer: Peer

answerRequests({
  async start({ init }: { init: PeerInit }) {
    peer = await createPeer(init)
    return { peerId: peer.peerId, addresses: peer.addresses, account: peer.account }
  },
  async found({ draft }: { draft: DatanetDraft }) {
    const { address } = await peer.api.accounts.create('curator')
    const curators = [address, ...draft.curators]
    return peer.api.datanets.create({ ...draft, curators })
  },
  publish: ({ id }: { id: string }) => peer.api.datanets.publish(id)
})
