// The vectors of records: manifest, revision, card, offer, terms, voucher, request, receipt.
import { cidOf, sha2, unhex, utf8 } from './codec.mjs'
import { admit, checkOrders, checkRows, lineOf, readContribution, readLine } from './content.mjs'
import {
  contribution,
  passageOf,
  readQuery,
  readSubmissionReceipt,
  signQuery,
  submissionQuery,
  submissionReceipt
} from './contribution.mjs'
import { inclusion, readInclusion } from './inclusion.mjs'
import * as money from './money.mjs'
import { checkReceipt, readReceipt } from './receipt.mjs'
import * as records from './records.mjs'
import { escrowDomain } from './signing.mjs'
import * as trees from './trees.mjs'
import { value, whole } from './vectors-tools.mjs'

const RAW = 0x55

export const recordChecks = {
  '04-manifest': async (v, check) => {
    const [founding, later] = v.valid
    const first = records.readManifest(unhex(founding.bytes))
    for (const one of v.valid) whole(records.manifest, check, one)
    check.equal('chain key', records.chainKey(first), `0x${founding.chainKey}`)
    check.equal('later', records.readManifest(unhex(later.bytes), first).cid, later.cid)
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => {
        const previous = one.previous && records.readManifest(unhex(one.previous))
        return records.readManifest(unhex(one.bytes), previous)
      })
    }
  },

  '04-revision': async (v, check) => {
    for (const one of v.valid) whole(records.revision, check, one)
    for (const one of v.valid) {
      const root = trees.contributionsRoot(one.contributions)
      check.equal(`${one.name}: root`, root, value(one.input).contributionsRoot)
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => records.revision.decode(unhex(one.bytes)))
    }
    for (const one of v.rows.refused) {
      const revision = records.revision.decode(unhex(one.bytes))
      await check.refuses(one.name, one.error, () => checkRows(revision, one.contributions))
    }
    for (const one of v.rows.lines) {
      const line = lineOf(unhex(one.contribution), one.word)
      check.equal('line', line, one.line)
      check.equal('block', cidOf(utf8(line), RAW), one.block)
    }
    for (const one of v.rows.orders) {
      const rows = one.rows.map(({ contribution: cid, ...word }) => ({ cid, ...word }))
      if (one.error) await check.refuses(one.name, one.error, () => checkOrders(rows))
      else check.equal(one.name, checkOrders(rows), undefined)
    }
    for (const one of v.rows.refusedLines) {
      await check.refuses(one.name, one.error, () => readLine(one.line))
    }
  },

  '04-contribution': async (v, check) => {
    for (const one of v.valid) whole(contribution, check, one)
    for (const one of v.valid)
      check.equal(one.name, readContribution(unhex(one.bytes)).cid, one.cid)
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => readContribution(unhex(one.bytes)))
    }
    const { datanet, nowMs } = v.admission
    const manifest = value(v.admission.manifest)
    const take = (bytes) => admit(readContribution(unhex(bytes)), datanet, manifest, nowMs)
    for (const one of v.admission.accepted) check.equal(one.name, take(one.bytes), undefined)
    for (const one of v.admission.refused) {
      await check.refuses(one.name, one.error, () => take(one.bytes))
    }
  },

  '04-standing': async (v, check) => {
    for (const one of v.receipts.valid) {
      whole(submissionReceipt, check, one)
      const { host } = await readSubmissionReceipt(unhex(one.bytes))
      check.equal(one.name, host, one.host)
    }
    for (const one of v.receipts.invalid) {
      await check.refuses(one.name, one.error, () => readSubmissionReceipt(unhex(one.bytes)))
    }
    const secretKey = unhex(v.accounts[1].secretKey)
    for (const one of v.valid) {
      whole(submissionQuery, check, one)
      check.equal(one.name, signQuery(value(one.input), secretKey), unhex(one.bytes))
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => readQuery(unhex(one.bytes), v.nowMs))
    }
  },

  '04-inclusion': async (v, check) => {
    for (const one of v.valid) {
      whole(inclusion, check, one)
      const { row } = readInclusion(unhex(one.bytes), unhex(one.anchor))
      check.equal(one.name, row, value(one.input).row)
    }
    for (const one of v.invalid) {
      const read = () => readInclusion(unhex(one.bytes), unhex(one.anchor))
      await check.refuses(one.name, one.error, read)
    }
  },

  '04-passage': (v, check) => {
    for (const one of v.cases) {
      const item = { schema: one.schema, content: value(one.content) }
      check.equal(one.schema, passageOf(item), one.passage)
    }
  },

  '06-card': (v, check) => sealed(v, check, records.card, records.readCard),

  '06-offer': async (v, check) => {
    await sealed(v, check, records.offer, records.readOffer)
    const asked = value(v.floor.manifest).royalty
    for (const one of v.floor.cases) {
      const demand = () => records.demandRoyalty(one.policy, asked)
      if (one.error) await check.refuses(one.name, one.error, demand)
      else check.equal(one.name, demand(), undefined)
    }
    for (const one of v.floor.several) {
      const demand = () => {
        for (const each of one.asked) records.demandRoyalty(one.policy, each)
      }
      if (one.error) await check.refuses(one.name, one.error, demand)
      else check.equal(one.name, demand(), undefined)
    }
  },

  '07-terms': async (v, check) => {
    for (const one of v.valid) whole(records.terms, check, one)
    for (const one of v.valid) {
      check.equal(one.name, records.channelId(value(one.input), v.domain), one.channelId)
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => records.terms.decode(unhex(one.bytes)))
    }
  },

  '07-voucher': async (v, check) => {
    const domain = escrowDomain(v.domain.chainId, v.domain.escrow)
    for (const one of v.valid) {
      const voucher = value(one.input)
      const bytes = unhex(one.bytes)
      check.equal(one.name, money.signVoucher(domain, voucher, unhex(v.signer.secretKey)), bytes)
      check.equal(one.name, money.readVoucher(bytes, domain, v.signer.account), voucher)
    }
    for (const one of v.invalid) {
      const read = () => money.readVoucher(unhex(one.bytes), domain, v.signer.account)
      await check.refuses(one.name, one.error, read)
    }
    for (const one of v.order) {
      const order = () => money.orderOf(value(one.last), value(one.next))
      if (one.error) await check.refuses(one.name, one.error, order)
      else check.equal(one.name, order(), one.outcome)
    }
  },

  '07-request': async (v, check) => {
    for (const one of v.valid) whole(records.request, check, one)
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => records.request.decode(unhex(one.bytes)))
    }
  },

  '08-receipt': async (v, check) => {
    const domain = escrowDomain(v.domain.chainId, v.domain.escrow)
    const read = (bytes) => readReceipt(unhex(bytes), domain, v.signer.account)
    for (const one of v.valid) whole(records.receipt, check, one)
    for (const one of v.valid) check.equal(one.name, read(one.bytes).leaf, unhex(one.leaf))
    for (const one of v.group.receipts) {
      check.equal(one.name, read(one.bytes).leaf, unhex(one.leaf))
    }
    for (const one of v.invalid) await check.refuses(one.name, one.error, () => read(one.bytes))
    const own = (json) => {
      const { royaltyPpm, requestSalt, answerSalt, ...rest } = value(json)
      const royaltyWei = money.royaltyOf(rest.priceWei, royaltyPpm)
      const request = sha2(requestSalt, rest.request)
      return { ...rest, royaltyWei, request, answer: sha2(answerSalt, rest.answer) }
    }
    checkReceipt(read(v.checks.bytes).value, own(v.checks.expected))
    for (const one of v.checks.refused) {
      const compare = () => checkReceipt(read(one.bytes).value, own(one.expected))
      await check.refuses(one.name, one.error, compare)
    }
  }
}

async function sealed(v, check, shape, read) {
  for (const one of v.valid) {
    whole(shape, check, one)
    check.equal(one.name, (await read(unhex(one.bytes), one.nowMs)).cid, one.cid)
  }
  for (const one of v.invalid) {
    await check.refuses(one.name, one.error, () => read(unhex(one.bytes), one.nowMs))
  }
}
