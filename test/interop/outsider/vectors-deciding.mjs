// The vectors of what curators decide together.
import { cidOf, unhex } from './codec.mjs'
import { proposal, readApproval, readProposal } from './proposal.mjs'
import { manifest } from './records.mjs'
import { value, whole } from './vectors-tools.mjs'

export const decidingChecks = {
  '04-proposal': async (v, check) => {
    const inForce = value(v.inForce)
    const { chainId, registry } = v.domain
    const domain = {
      name: 'datanet.DatanetRegistry',
      version: '1',
      chainId,
      verifyingContract: registry
    }
    const place = {
      key: `0x${v.chainKey}`,
      domain,
      inForce: { value: inForce, cid: cidOf(manifest.encode(inForce)) }
    }
    for (const one of v.valid) {
      whole(proposal, check, one)
      const read = readProposal(unhex(one.bytes))
      check.equal(`${one.name}: subject`, read.subject, one.subject)
      const { curator, signatures } = readApproval(unhex(one.approval.bytes), read, place)
      check.equal(`${one.name}: curator`, curator, one.approval.account)
      check.equal(`${one.name}: signed`, signatures, one.approval.signatures)
    }
    for (const one of v.invalid) {
      await check.refuses(one.name, one.error, () => readProposal(unhex(one.bytes)))
    }
    for (const one of v.refused) {
      const about = readProposal(unhex(one.proposal))
      await check.refuses(one.name, one.error, () => readApproval(unhex(one.bytes), about, place))
    }
  }
}
