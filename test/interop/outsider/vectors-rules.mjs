// The vectors of rules: encoding, signatures, trees, keys, prices.
import {
  checkedCid,
  cidOf,
  decode,
  encode,
  frame,
  hex,
  parseCid,
  refuse,
  unframe,
  unhex,
  weiBytes,
  weiOf
} from './codec.mjs'
import * as money from './money.mjs'
import { escrowDomain, open, separator, sign, signer } from './signing.mjs'
import { readAnswer, readForm } from './tool-calls.mjs'
import * as trees from './trees.mjs'
import { value } from './vectors-tools.mjs'

const EMPTY = new Uint8Array(0)

export const ruleChecks = {
  '02-amounts': async (v, check) => {
    for (const one of v.valid) {
      check.equal(one.wei, weiBytes(BigInt(one.wei)), unhex(one.bytes))
      check.equal(one.bytes, weiOf(unhex(one.bytes)), BigInt(one.wei))
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => weiOf(unhex(one.bytes)))
    }
  },

  '02-codec': async (v, check) => {
    for (const one of v.valid) check.equal(one.name, cidOf(unhex(one.bytes)), one.cid)
    for (const one of v.valid) {
      check.equal(one.name, encode(decode(unhex(one.bytes))), unhex(one.bytes))
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => decode(unhex(one.bytes)))
    }
    for (const one of v.cids.invalid) {
      const fetched = unhex(one.bytes)
      await check.refuses('other bytes', one.error, () => checkedCid(fetched, one.cid))
    }
    for (const one of v.cids.text) {
      await check.refuses(one.name, one.error, () => parseCid(one.cid))
    }
  },

  '02-frames': async (v, check) => {
    for (const one of v.valid) {
      check.equal(one.name, frame(value(one.value), v.maxBytes), unhex(one.bytes))
      check.equal(one.name, unframe(unhex(one.bytes), v.maxBytes).rest, EMPTY)
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => {
        const end = () => refuse('FRAME_MALFORMED', 'the stream ends inside a frame')
        return unframe(unhex(one.bytes), v.maxBytes) ?? end()
      })
    }
  },

  '02-merkle': (v, check) => {
    for (const one of v.valid) {
      check.equal(one.root, trees.contributionsRoot(one.contributions), unhex(one.root))
      one.contributions.forEach((contribution, row) => {
        const proof = one.proofs[row].map(unhex)
        const holds = trees.isInRow({ contribution, row, root: unhex(one.root), proof })
        check.equal(`${one.root}: row ${row}`, holds, true)
      })
    }
    for (const one of v.invalid) {
      const proof = one.proof.map(unhex)
      check.equal(one.name, trees.isInRow({ ...one, root: unhex(one.root), proof }), false)
    }
  },

  '03-signatures': async (v, check) => {
    for (const one of v.valid) {
      const hash = `0x${one.digest}`
      check.equal('signs', sign(unhex(one.secretKey), hash), unhex(one.signature))
      check.equal('recovers', signer(hash, unhex(one.signature)), one.account)
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => signer(`0x${one.digest}`, unhex(one.bytes)))
    }
    const domain = escrowDomain(v.chain.chainId, v.chain.escrow)
    check.equal('separator', separator(domain), `0x${v.separators.escrow}`)
  },

  '03-envelope': async (v, check) => {
    for (const one of v.valid) {
      const opened = await open(unhex(one.bytes), one.domain)
      check.equal('payload', opened.payload, unhex(one.payload))
      check.equal('signer', opened.signer, one.signer)
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => open(unhex(one.bytes), one.domain))
    }
  },

  '05-rendezvous': async (v, check) => {
    for (const one of v.keys) {
      check.equal(one.value, trees.rendezvousKey(one.kind, one.value, one.bucket), one.cid)
    }
    for (const one of v.places) {
      check.equal(one.peer, trees.bucketsOf(one.kind, one.peer, one.nowMs), one.buckets)
    }
    for (const one of v.invalid) {
      const key = () => trees.rendezvousKey(one.kind, one.value, one.bucket)
      await check.refuses(one.kind, one.error, key)
    }
  },

  '06-tool-calls': async (v, check) => {
    for (const one of v.valid) {
      const read = readAnswer(one.text)
      check.equal(one.name, read, { content: one.content, toolCalls: one.toolCalls })
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => readAnswer(one.text))
    }
    for (const one of v.forms) {
      if (one.error) await check.refuses(one.name, one.error, () => readForm(one.form))
      else readForm(one.form)
    }
  },

  '06-price': (v, check) => {
    const price = value(v.price)
    for (const one of v.valid) {
      check.equal('price', money.priceOf(price, one.usage), BigInt(one.priceWei))
      check.equal(
        'royalty',
        money.royaltyOf(BigInt(one.priceWei), one.royaltyPpm),
        BigInt(one.royaltyWei)
      )
    }
    for (const one of v.tokens) check.equal(one.text, money.tokens(one.text), one.tokens)
    for (const one of v.running) {
      const counter = money.outputCounter()
      check.equal(one.chunks.join(), one.chunks.map(counter.add), one.tokens)
    }
  },

  '08-accumulator': (v, check) => {
    const leaves = v.leaves.map(unhex)
    for (const one of v.valid) {
      const some = leaves.slice(0, one.count)
      const root = unhex(one.root)
      check.equal(`${one.count}: peaks`, trees.peaksOf(some).map(hex), one.peaks)
      check.equal(`${one.count}: root`, trees.accumulatorRoot(some), root)
      const peaks = one.peaks.map(unhex)
      one.paths.forEach((path, index) => {
        const proof = { leaf: leaves[index], index, count: one.count, root, peaks }
        check.equal('path', trees.isAccumulated({ ...proof, path: path.map(unhex) }), true)
      })
    }
    for (const one of v.invalid) {
      const [path, peaks] = [one.path.map(unhex), one.peaks.map(unhex)]
      const proof = { ...one, leaf: unhex(one.leaf), root: unhex(one.root), path, peaks }
      check.equal(one.name, trees.isAccumulated(proof), false)
    }
  },

  '09-drop-tree': async (v, check) => {
    for (const one of value(v.valid)) {
      const { hash, sumWei } = trees.dropTree(one.leaves)
      check.equal('root', [hash, sumWei], [one.root, one.totalWei])
    }
    for (const one of value(v.invalid)) {
      await check.refuses(one.name, one.error, () => trees.checkClaim(one))
    }
  }
}
