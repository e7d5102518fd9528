import { expect, test } from 'vitest'
import { createNode, waitForNetwork } from '../../../peer/net/node.ts'
import { isAbort } from '../../../protocol/base/errors.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { testKey, testNode, testSwarm } from '../../fixtures/network.ts'

test('a node listens on loopback alone, under the id of its key', async () => {
  const privateKey = await testKey('one')
  const node = await testNode('one', { dht: true })
  expect(node.peerId.publicKey?.equals(privateKey.publicKey)).toBe(true)
  for (const address of node.getMultiaddrs()) {
    expect(address.toString()).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\//)
  }
  expect(node.getProtocols()).toContain(PROTOCOLS.kad)
  expect(node.getProtocols().filter((id) => id.startsWith('/ipfs/kad'))).toEqual([])
})

test('an address that is taken, or none of this machine, is the operator’s to mend', async () => {
  const [taken] = (await testNode('first')).getMultiaddrs()
  const inUse = taken?.toString().split('/p2p/')[0] ?? ''
  for (const listen of [inUse, '/ip4/203.0.113.9/tcp/0', '/nonsense', '/ip4/1.2.3/tcp/0']) {
    const privateKey = await testKey('second')
    await expect(createNode({ privateKey, bootstrap: [], listen: [listen] })).rejects.toMatchObject(
      {
        code: 'CONFIG_INVALID',
        details: { key: 'listen' },
        message: expect.stringContaining(listen)
      }
    )
  }
})

// NODE-W1
test('more nodes than libp2p lets in by default join at once and serve the DHT', async () => {
  const nodes = await testSwarm(9)
  expect(nodes[0]?.getPeers().length).toBeGreaterThanOrEqual(8)
  for (const node of nodes) expect(node.services.dht?.getMode()).toBe('server')
})

test('a node without the DHT has none, and waiting for it is DISCOVERY_OFF', async () => {
  const node = await testNode('off', { dht: false })
  expect(node.services.dht).toBeUndefined()
  await expect(waitForNetwork(node)).rejects.toMatchObject({ code: 'DISCOVERY_OFF' })
})

test('waiting for a network that does not come ends as PEER_SILENT', async () => {
  const node = await testNode('lonely', { dht: true })
  const waiting = waitForNetwork(node, { limitMs: 50 })
  await expect(waiting).rejects.toMatchObject({ code: 'PEER_SILENT' })
})

test('a node joins through the bootstrap peer that answers', async () => {
  const alive = await testNode('alive')
  const dead = await testNode('dead')
  const bootstrap = [...dead.getMultiaddrs(), ...alive.getMultiaddrs()]
  await dead.stop()
  const node = await testNode('joiner', { bootstrap })
  expect(node.getPeers().map(String)).toEqual([alive.peerId.toString()])
})

test('a node joins a bootstrap peer that comes up after it has begun to dial', async () => {
  const dead = await testNode('late')
  const [address] = dead.getMultiaddrs()
  await dead.stop()
  const joining = testNode('joiner', { bootstrap: dead.getMultiaddrs().concat(address ?? []) })
  const listen = [address?.toString().split('/p2p/')[0] ?? '']
  await testNode('late', { listen })
  expect((await joining).getPeers()).toHaveLength(1)
})

// NODE-R1
test('no bootstrap peer at all is PEER_UNREACHABLE', { timeout: 5_000 }, async () => {
  const dead = await testNode('dead')
  const bootstrap = dead.getMultiaddrs()
  await dead.stop()
  const privateKey = await testKey('joiner')
  const joining = createNode({ privateKey, bootstrap, dht: false, joinMs: 500 })
  await expect(joining).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
  const aborted = createNode({ privateKey, bootstrap, dht: false, signal: AbortSignal.abort() })
  await expect(aborted).rejects.toSatisfy(isAbort)
})
