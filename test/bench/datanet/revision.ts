// What a revision costs to write: whole, and after a hundredth of it changed.
// npx node test/bench/datanet/revision.ts [--rows 20000] [--json]
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createContent } from '../../../peer/content/content.ts'
import { createNode } from '../../../peer/net/node.ts'
import {
  FOUNDING_DEFAULTS,
  foundingManifest
} from '../../../peer/services/datanet/founding-manifest.ts'
import type { KnownDatanet } from '../../../peer/services/datanet/known-datanets.ts'
import { storedReview } from '../../../peer/services/review/review-standing.ts'
import { draftRevision } from '../../../peer/services/revision/revision-drafting.ts'
import { SqliteBlockstore } from '../../../peer/store/blocks.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { createDatanetStore } from '../../../peer/store/datanets.ts'
import { keySigner } from '../../../protocol/base/typed-data.ts'
import { consentDigest, signContribution } from '../../../protocol/datanet/contribution.ts'
import { datanetKey, signManifest } from '../../../protocol/datanet/manifest.ts'
import { signReview } from '../../../protocol/datanet/review.ts'
import { createExchangePool } from '../../../protocol/net/exchange-pool.ts'

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '20000' }, json: { type: 'boolean', default: false } }
})
const count = Number(values.rows)
const ACCOUNTS = 500
const sha = (text: string) => new Uint8Array(createHash('sha256').update(text).digest())

const dir = mkdtempSync(join(tmpdir(), 'datanet-revision-'))
const database = openDatabase(join(dir, 'peer.db'))
const blockstore = new SqliteBlockstore(database)
const datanetStore = createDatanetStore(database)
const privateKey = await generateKeyPair('Ed25519')
const node = await createNode({ privateKey, bootstrap: [], dht: false })
const pool = createExchangePool(node)
const content = await createContent(node, { blockstore, pool })
const curator = keySigner(sha('curator'))
const people = Array.from({ length: ACCOUNTS }, (_, n) => keySigner(sha(`account ${n}`)))
const manifest = foundingManifest(
  {
    ...{ name: 'Glosses', purpose: 'What words mean.', topics: ['words'], licences: ['CC0-1.0'] },
    ...{ consent: 'Yes.', curators: [curator.address], threshold: 1, reviewApprovals: 1 },
    royalty: {
      ...{ royaltyPpm: 300_000, contributorsPpm: 700_000, builderPpm: 100_000 },
      ...{ curatorsPpm: 100_000, treasuryPpm: 100_000 }
    },
    treasury: curator.address,
    schemas: [...FOUNDING_DEFAULTS.schemas]
  },
  { intakeHost: node.peerId.toString(), atMs: 1_000 }
)
const signed = await signManifest(manifest, [curator])
const datanet: KnownDatanet = {
  ...{ id: signed.cid, key: datanetKey(signed), founding: signed, signed, history: [signed] },
  hosted: true,
  decides: true
}
const id = signed.cid.toString()

/** As much is written in one transaction: what is measured is the revision, not the intake. */
const BATCH = 500

/** Takes in and accepts `many` contributions, each signed and reviewed. */
async function accept(from: number, many: number): Promise<void> {
  for (let at = from; at < from + many; at += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, from + many - at) }, (_, i) => at + i)
    const signed = await Promise.all(numbers.map(signedItem))
    database.transaction(() => {
      for (const { item, review, textDigest } of signed) {
        const cid = item.cid.toString()
        const { contributor, createdAtMs } = item.contribution
        datanetStore.addContribution({
          ...{ cid, datanet: id, contributor, textDigest, bytes: item.bytes },
          takenAtMs: createdAtMs
        })
        datanetStore.addReview(storedReview(review))
        datanetStore.setStatus(cid, 'accepted')
      }
    })
  }
}

async function signedItem(n: number) {
  const person = people[n % ACCOUNTS] as (typeof people)[number]
  const item = await signContribution(
    {
      ...{ version: 1 as const, datanet: signed.cid, schema: 'text/1' as const },
      content: {
        title: `Word ${n}`,
        text: `The meaning of word ${n}: ${'as it is used '.repeat(9)}`
      },
      ...{ language: 'en', licence: 'CC0-1.0', origin: 'direct' as const },
      contributor: person.address,
      consent: { digest: consentDigest(manifest), atMs: 1_000 },
      ...{ salt: sha(`salt ${n}`).slice(0, 16), createdAtMs: 1_000 + n }
    },
    person
  )
  const review = await signReview(
    {
      ...{ version: 1 as const, datanet: signed.cid, contribution: item.cid },
      ...{ verdict: 'approve' as const, curator: curator.address, createdAtMs: 2_000 + n }
    },
    curator
  )
  return { item, review, textDigest: sha(`text ${n}`) }
}

/** Writes the next revision and keeps it as if it were anchored; what it cost this process. */
async function build() {
  const startedAtMs = performance.now()
  const before = process.cpuUsage()
  const parts = { datanetStore, content, now: () => 1_000_000 }
  const { stored, added, handOvers } = await draftRevision(parts, datanet, {})
  const { user, system } = process.cpuUsage(before)
  datanetStore.putRevision({ ...stored, anchored: true }, added, handOvers)
  return { ms: performance.now() - startedAtMs, cpuMs: (user + system) / 1_000 }
}

await accept(0, count)
const full = await build()
const changed = Math.round(count / 200)
await accept(count, changed)
for (const { cid } of datanetStore.contributions(id, 'accepted', {
  after: changed,
  most: changed
})) {
  datanetStore.withdraw(cid)
  blockstore.withdraw(cid, id)
}
const incremental = await build()
const figures = {
  rows: count,
  changedRows: 2 * changed,
  fullBuildMs: Math.round(full.ms),
  fullCpuMs: Math.round(full.cpuMs),
  incrementalMs: Math.round(incremental.ms),
  incrementalCpuMs: Math.round(incremental.cpuMs),
  incrementalShare: Number((incremental.cpuMs / full.cpuMs).toFixed(3)),
  peakRssMb: Math.round(process.resourceUsage().maxRSS / 1_024)
}
pool.close()
await content.stop()
await node.stop()
database.close()
rmSync(dir, { recursive: true, force: true })
console.log(values.json ? JSON.stringify({ figures }) : figures)
