// The vectors of bounties, and of asking hosts for them.
import { bounty, bountyDigest, CONSENT, fill, lockOf, readBounty, readFill } from './bounty.mjs'
import { unhex } from './codec.mjs'
import { value, whole } from './vectors-tools.mjs'

export const bountyChecks = {
  '04-bounty': async (v, check) => {
    const { chainKey, token, domain, nowMs } = v
    check.equal('the words', CONSENT, v.consent)
    for (const one of v.valid) {
      whole(bounty, check, one)
      const read = readBounty(unhex(one.bytes), nowMs)
      check.equal(`${one.name}: cid`, read.cid, one.cid)
      check.equal(`${one.name}: digest`, bountyDigest(read.value, read.cid), `0x${one.digest}`)
      check.equal(`${one.name}: lock`, lockOf(read, { chainKey, token, domain }), one.lock)
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => readBounty(unhex(one.bytes), nowMs))
    }
    const about = readBounty(unhex(v.fills.bounty), nowMs)
    const { id: lock } = lockOf(about, { chainKey, token, domain })
    check.equal('the lock of the fills', lock, v.fills.lock)
    for (const one of v.fills.valid) {
      whole(fill, check, one)
      check.equal(one.name, readFill(unhex(one.bytes), { domain, lock }), value(one.input))
    }
    for (const one of v.fills.invalid) {
      await check.refuses(one.name, one.error, () => readFill(unhex(one.bytes), { domain, lock }))
    }
  }
}
