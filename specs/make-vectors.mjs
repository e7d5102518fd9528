// Makes specs/vectors/*.json from the specs' words, with libraries and without protocol/.
// `node specs/make-vectors.mjs` writes them; `--check` compares them and exits 1 when one differs.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as base from './making/base.mjs'
import { bounties, bountyRecord } from './making/bounty.mjs'
import * as channel from './making/channel.mjs'
import { close } from './making/close.mjs'
import * as contracts from './making/contracts.mjs'
import { contribution } from './making/contribution.mjs'
import { curation } from './making/curation.mjs'
import * as drop from './making/drop.mjs'
import * as exchanges from './making/exchanges.mjs'
import { files } from './making/files.mjs'
import { handOver } from './making/hand-over.mjs'
import { hosting } from './making/hosting.mjs'
import { inclusion } from './making/inclusion.mjs'
import { manifest } from './making/manifest.mjs'
import * as model from './making/model.mjs'
import { overlap } from './making/overlap.mjs'
import * as paid from './making/paid-call.mjs'
import { passage } from './making/passage.mjs'
import { proposal } from './making/proposal.mjs'
import * as receipt from './making/receipt.mjs'
import { refreshPages } from './making/refresh-pages.mjs'
import { review } from './making/review.mjs'
import { revision } from './making/revision.mjs'
import * as reward from './making/reward.mjs'
import { standing } from './making/standing.mjs'
import { terms } from './making/terms.mjs'
import { rowIndex, tombstone, tombstones } from './making/tombstone.mjs'
import { tower } from './making/tower.mjs'
import { window } from './making/window.mjs'

const FILES = {
  '02-codec': base.codec,
  '02-amounts': base.amounts,
  '02-frames': base.frames,
  '02-merkle': base.merkle,
  '03-signatures': base.signatures,
  '03-envelope': base.envelope,
  '04-manifest': manifest,
  '04-contribution': contribution,
  '04-passage': passage,
  '04-review': review,
  '04-curation': curation,
  '04-hand-over': handOver,
  '04-revision': revision,
  '04-inclusion': inclusion,
  '04-standing': standing,
  '04-proposal': proposal,
  '04-submission': exchanges.submission,
  '04-row-index': rowIndex,
  '04-files': files,
  '04-tombstone': tombstone,
  '04-bounty': bountyRecord,
  '05-tombstones': tombstones,
  '05-bounties': bounties,
  '05-hosting': hosting,
  '05-blocks': exchanges.blocks,
  '05-document': exchanges.documents,
  '05-exchange': exchanges.messages,
  '04-rotation': contracts.rotation,
  '05-rendezvous': base.rendezvous,
  '06-card': model.card,
  '06-offer': model.offer,
  '06-price': model.price,
  '06-tool-calls': model.toolCalls,
  '07-call': paid.call,
  '07-replay': paid.replay,
  '07-claim': paid.escrowClaim,
  '07-close': close,
  '07-terms': channel.terms,
  '07-tower': tower,
  '07-voucher': channel.voucher,
  '07-request': channel.request,
  '07-orders': contracts.orders,
  '08-receipt': receipt.receipt,
  '07-window': window,
  '08-accumulator': receipt.accumulator,
  '08-credits': reward.credits,
  '08-overlap': overlap,
  '08-terms': terms,
  '09-claim': paid.rewardClaim,
  '09-split': reward.split,
  '09-fold': reward.fold,
  '09-drop-tree': drop.dropTree,
  '09-drop': drop.drop,
  '09-refutation': contracts.refutation,
  '09-bond': contracts.bond
}

const folder = join(dirname(fileURLToPath(import.meta.url)), 'vectors')
const made = new Map()
for (const [name, make] of Object.entries(FILES)) {
  made.set(`${name}.json`, `${JSON.stringify(await make(), null, 1)}\n`)
}

const isThere = existsSync(folder)
const present = new Map(
  (isThere ? readdirSync(folder) : []).map((name) => [
    name,
    readFileSync(join(folder, name), 'utf8')
  ])
)
if (process.argv.includes('--check')) {
  const names = new Set([...made.keys(), ...present.keys()])
  const stale = [...names].filter((name) => made.get(name) !== present.get(name))
  for (const name of stale) console.error(`stale: specs/vectors/${name}`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  mkdirSync(folder, { recursive: true })
  for (const [name, contents] of made) writeFileSync(join(folder, name), contents)
  console.log(`${made.size} files`)
  for (const block of refreshPages(dirname(folder), present, made)) {
    console.log(`to be written by hand: ${block}`)
  }
}
