import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Peer } from '../../../../peer/peer.ts'
import { createTestWorld, LICENCE, type TestWorld } from '../../../fixtures/world.ts'

let world: TestWorld
let host: Peer

beforeAll(async () => {
  world = await createTestWorld()
  host = await world.peer('host')
})
afterAll(() => world?.stop())

// ROW-R3
test('what was taken from a message is accepted and stays in no revision, and copies it nobody', async () => {
  const { id, curators, people } = await world.datanet(host, [])
  const { datanets } = host.api
  const [account, other] = people as [string, string]
  const give = async (text: string, origin: 'message' | 'direct', by = account) => {
    const { contribution, cluster } = await datanets.contribute({
      datanet: id,
      account: by,
      schema: 'text/1',
      content: { title: 'Kites', text },
      language: 'en',
      licence: LICENCE,
      origin
    })
    await datanets.review({
      ...{ datanet: id, contribution, verdict: 'approve' },
      account: curators[0] as string
    })
    return { contribution, cluster }
  }
  const said =
    'A kite flies because its sail pushes the air downward, and the bridle holds it at the right angle to the wind while the tail keeps it from turning over.'
  const message = await give(said, 'message')
  await expect(datanets.publish(id)).rejects.toMatchObject({ code: 'NOTHING_TO_PUBLISH' })
  // Nearly the same words by somebody else later are an original: nobody was published before.
  const later = await give(`${said} It needs no engine.`, 'direct', other)
  expect(later.cluster).toBeUndefined()
  expect(await datanets.publish(id)).toMatchObject({ rows: 1 })
  const { rows } = await datanets.rows({ datanet: id })
  expect(rows.map((row) => row.id)).toEqual([later.contribution])
  const [own] = await datanets.submissions({ account, datanet: id })
  expect(own).toMatchObject({ contribution: message.contribution, status: 'accepted' })
})
