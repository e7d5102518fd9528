import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeAll, expect, test } from 'vitest'
import { createContributing } from '../../../../peer/services/contribution/contributing.ts'
import { digestOf } from '../../../../protocol/base/codec.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { verifyContribution } from '../../../../protocol/datanet/contribution.ts'
import { sealSubmission } from '../../../../protocol/datanet/submission-receipt.ts'
import { refusal } from '../../../protocol/base/refusal.ts'
import { manifest, person, someCid } from '../../../protocol/datanet/people.ts'

const keyOf = (n: number) => generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(n))
const datanet = someCid(1)
let host: Awaited<ReturnType<typeof keyOf>>
let stranger: typeof host
beforeAll(async () => {
  host = await keyOf(1)
  stranger = await keyOf(2)
})

type Ask = { contribution: Uint8Array }
type Answer = (ask: Ask, host: string) => unknown

/** A contributor whose host answers so; it knows of one more host. */
function contributor(answer: Answer) {
  const kept: string[] = []
  const asked: string[] = []
  const rules = manifest({ intakeHost: `${peerIdFromPrivateKey(host)}`, hosts: ['12D3KooWOther'] })
  const account = { address: person(5).address, label: 'own', signer: person(5) }
  const { contribute } = createContributing(
    {
      accountStore: { putSubmission: () => kept.push('status') },
      datanetStore: { together: async (write: () => unknown) => write() },
      wallet: { account: () => account },
      pool: {
        async request(peer: string, _: string, ask: Ask) {
          asked.push(peer)
          return answer(ask, peer)
        }
      },
      content: {},
      peerId: 'me',
      now: () => 1_000
    } as never,
    { known: () => ({ id: datanet, signed: { manifest: rules }, key: '0x' }) } as never,
    { put: () => kept.push('submission') } as never,
    {} as never,
    { onSend: () => {}, store: { put: () => kept.push('outbox') } } as never
  )
  const content = { title: 'Bow', text: 'The bow is the front of a boat.' }
  const of = { datanet: `${datanet}`, account: 'own', schema: 'text/1', content }
  return { give: () => contribute({ ...of, language: 'en', licence: 'CC0-1.0' }), kept, asked }
}

async function taken({ contribution }: Ask, change: { by?: typeof host; of?: number } = {}) {
  const { cid } = verifyContribution(contribution)
  const record = {
    ...{ version: 1 as const, datanet, order: 4, takenAtMs: 1_001 },
    contribution: change.of === undefined ? cid : someCid(change.of)
  }
  const receipt = await sealSubmission(record, change.by ?? host)
  return { contribution: cid, status: 'pending', receipt }
}

test('a receipt that is the host’s word on this contribution is kept', async () => {
  const { give, kept } = contributor((ask) => taken(ask))
  expect(await give()).toMatchObject({ order: 4, takenAtMs: 1_001, status: 'pending' })
  expect(kept).toEqual(['status', 'submission'])
})

// SUBMISSION-W1
test.each<[string, string, Answer]>([
  ['by another peer', 'SIGNER_UNEXPECTED', (ask) => taken(ask, { by: stranger })],
  ['of another contribution', 'CID_MISMATCH', (ask) => taken(ask, { of: 9 })],
  [
    'beside another id',
    'CID_MISMATCH',
    async (ask) => ({ ...(await taken(ask)), contribution: someCid(9) })
  ],
  [
    'that is none',
    'RECORD_MALFORMED',
    async (ask) => ({ ...(await taken(ask)), receipt: digestOf(someCid(1)) })
  ]
])('a receipt %s is refused, and nothing is kept', async (_, code, answer) => {
  const { give, kept } = contributor(answer)
  expect(await refusal(give)).toBe(code)
  expect(kept).toEqual([])
})

test('another host is asked only when the intake host cannot be reached', async () => {
  const away = contributor((ask, peer) => {
    if (peer !== '12D3KooWOther') throw new DatanetError('PEER_UNREACHABLE', {})
    return taken(ask)
  })
  expect(await away.give()).toMatchObject({ status: 'pending' })
  expect(away.asked).toHaveLength(2)
  const lost = contributor(() => {
    throw new DatanetError('PEER_GONE', {})
  })
  expect(await lost.give()).toMatchObject({ status: 'queued', order: 0 })
  expect(lost.kept).toEqual(['outbox'])
  const refusing = contributor(() => {
    const text = 'the Datanet does not accept this licence: choose CC0-1.0'
    throw new DatanetError('LICENCE_REFUSED', { remote: true, text })
  })
  await expect(refusing.give()).rejects.toThrow(/the host says: choose CC0-1.0$/)
  expect(refusing.asked).toHaveLength(1)
})
