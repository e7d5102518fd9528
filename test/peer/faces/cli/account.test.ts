import { expect, test } from 'vitest'
import { BREAD, CURATOR, cli, OWN, scriptedPeer } from './scripted-peer.ts'

const TO = `0x${'b3'.repeat(20)}`

test('an account is shown with what it holds, contributed, gave and took over', async () => {
  const { out, code } = await cli(scriptedPeer(), ['account', 'show', 'own'], { columns: 80 })
  expect(code).toBe(0)
  expect(out).toContain(`account  ${OWN}\nlabel    own\nholds    5.5 `)
  expect(out).toMatch(/CONTRIBUTED TO +ACCEPTED +PENDING +REJECTED\n\S+ +1200 +1 +0\n/)
  expect(out).toContain(`Handed over to ${CURATOR}\n  from revision 4 on in bafyreib…`)
  expect(out).toContain(`Took over ${CURATOR}\n  not yet published\n`)
})

test('who must sign is given the whole of it, and what to do with it', async () => {
  const peer = scriptedPeer()
  const words = ['account', 'hand-over', 'own', '--to', TO]
  const { out, code } = await cli(peer, words, { columns: 80 })
  expect(code).toBe(0)
  const json = out.split('\n').find((line) => line.startsWith('{')) ?? ''
  expect(JSON.parse(json)).toMatchObject({
    primaryType: 'HandOver',
    message: { oldAccount: OWN, newAccount: TO }
  })
  expect(out).toContain(`datanet account hand-over own \\\n    --to ${TO} \\\n    --signature 0x…`)
  // Said plainly: design, hand-over.
  expect(out).toContain('who keeps the key of the old account can take everything')
  expect(peer.did).toEqual([['handOver', { account: 'own', to: TO }]])
  const asJson = await cli(peer, [...words, '--json'])
  expect(JSON.parse(asJson.out)).toMatchObject({ state: 'to sign', newAccount: TO })
})

test('with the signature it is submitted: since when it holds, and what it does not move', async () => {
  const peer = scriptedPeer()
  const signed = ['--signature', '0x12', '--datanet', 'Bread']
  const words = ['account', 'hand-over', 'own', '--to', TO, ...signed]
  const { out, code } = await cli(peer, words, { columns: 80 })
  expect(code).toBe(0)
  expect(peer.did).toEqual([
    ['handOver', { account: 'own', to: TO, datanets: [BREAD.id], signature: '0x12' }]
  ])
  expect(out).toMatch(/\n {2}\S+ {2}with the next published revision\n/)
  expect(out).toMatch(/\n {2}\S+ {2}refused: PEER_UNREACHABLE\n/)
  expect(out.replace(/\s+/g, ' ')).toContain('What was earned before stays with the old account')
})

test('a hand-over says to whom; keys that stand plain on the disk are said to', async () => {
  expect((await cli(scriptedPeer(), ['account', 'hand-over', 'own'])).code).toBe(2)
  const { out } = await cli(scriptedPeer(), ['account', 'list'])
  expect(out).toContain('not encrypted on the disk (datanet account encrypt)')
  const peer = scriptedPeer()
  const status = await peer.api.status()
  peer.api.status = async () => ({ ...status, keystore: 'encrypted' })
  expect((await cli(peer, ['account', 'list'])).out).not.toContain('encrypt')
})
