import { afterAll, expect, test } from 'vitest'
import type { PeerApi, PeerHealth } from '../../../peer/api/peer-api.ts'
import { type PeerApiServer, servePeerApi } from '../../../peer/api/server.ts'
import { checkHealth } from '../../../peer/doctor/running.ts'
import { createMetrics } from '../../../peer/metrics.ts'
import { cli, scriptedPeer } from '../faces/cli/scripted-peer.ts'

const SICK: PeerHealth = {
  isWell: false,
  reasons: [
    { code: 'CLAIM_STUCK', text: '1500 wei are due, and no claim became final for 1200 s' }
  ],
  unclaimedWei: 1_500n,
  claims: { underWay: 1, final: 2 }
}

const servers: PeerApiServer[] = []
afterAll(() => Promise.all(servers.map((server) => server.stop())))

test('/healthz is red by codes, tells no amount, and is green again', async () => {
  let health: PeerHealth = { isWell: true, reasons: [] }
  const server = await servePeerApi({
    api: {} as PeerApi,
    tokens: [{ token: 'an-admin-token', admin: true }],
    health: () => health
  })
  servers.push(server)
  const look = async () => {
    const answer = await fetch(`${server.url}/healthz`)
    return [answer.status, await answer.json()]
  }
  expect(await look()).toEqual([200, { status: 'ok' }])
  health = SICK
  expect(await look()).toEqual([503, { status: 'failing', codes: ['CLAIM_STUCK'] }])
  health = { isWell: true, reasons: [] }
  expect(await look()).toEqual([200, { status: 'ok' }])
})

test('status, doctor and metrics say the same', async () => {
  const { api } = scriptedPeer({ health: SICK })
  const status = await api.status()
  const [finding] = checkHealth({ status } as Parameters<typeof checkHealth>[0])
  expect(finding).toMatchObject({ mark: 'wrong', check: 'health' })
  expect(finding?.text).toContain('CLAIM_STUCK')
  const told = await createMetrics(api, () => 0).text()
  expect(told).toContain('datanet_healthy 0')
  expect(told).toContain('datanet_health_reasons{code="CLAIM_STUCK"} 1')
  expect(told).toContain('datanet_unclaimed_wei 1500')
  expect(told).toContain('datanet_claims{state="under way"} 1')
  const { out } = await cli(scriptedPeer({ health: SICK }), ['peer', 'status'])
  expect(out).toContain('CLAIM_STUCK: 1500 wei are due')
})
