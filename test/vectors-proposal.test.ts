import { describe, expect, test } from 'vitest'
import { keySigner } from '../protocol/base/typed-data.ts'
import { verifyManifest } from '../protocol/datanet/manifest.ts'
import {
  type ApprovalPlace,
  readProposal,
  signApproval,
  verifyApproval
} from '../protocol/datanet/proposal.ts'
import { registryDomain } from '../protocol/datanet/revision.ts'
import { bytes, hex, refuses, type Vectors, vectors } from './vector-cases.ts'

const file = vectors('04-proposal')
const place: ApprovalPlace = {
  key: `0x${file.chainKey}`,
  registry: registryDomain(file.domain.chainId, file.domain.registry),
  inForce: verifyManifest(bytes(vectors('04-manifest').valid[0].bytes))
}

describe('proposal', () => {
  test.each<[string, Vectors]>(file.valid.map((v: Vectors) => [v.name, v]))(
    '%s is read, and approved in the same bytes',
    async (_, one) => {
      const proposal = readProposal(bytes(one.bytes))
      expect([`${proposal.cid}`, `${proposal.subject.cid}`]).toEqual([one.cid, one.subject])
      expect(proposal.note).toBe(one.input.note)
      const { secretKey } = file.accounts.find((a: Vectors) => a.account === one.approval.account)
      const approval = await signApproval(proposal, keySigner(bytes(secretKey)), place)
      expect(hex(approval)).toBe(one.approval.bytes)
      const { curator, signatures } = verifyApproval(approval, proposal, place)
      expect([curator, signatures.map(hex)]).toEqual([
        one.approval.account,
        one.approval.signatures
      ])
    }
  )
  refuses(file.invalid, (one) => readProposal(bytes(one.bytes)))
  refuses(file.refused, (one) =>
    verifyApproval(bytes(one.bytes), readProposal(bytes(one.proposal)), place)
  )
})
