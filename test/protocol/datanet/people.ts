import type { CID } from 'multiformats/cid'
import { cidOf } from '../../../protocol/base/codec.ts'
import { type AccountSigner, keySigner } from '../../../protocol/base/typed-data.ts'
import { type Contribution, consentDigest } from '../../../protocol/datanet/contribution.ts'
import type { Manifest } from '../../../protocol/datanet/manifest.ts'

/** The account with number `n`: the same key in every run. */
export function person(n: number): AccountSigner {
  return keySigner(Uint8Array.from(Buffer.alloc(32, n)))
}

/** Three curators in the order that manifests demand. */
export const CURATORS = [person(1), person(2), person(3)].sort((a, b) =>
  a.address < b.address ? -1 : 1
) as [AccountSigner, AccountSigner, AccountSigner]

/** A founding manifest of the three curators, two of whom decide. */
export function manifest(change: Partial<Manifest> = {}): Manifest {
  return {
    version: 1,
    name: 'sea words',
    purpose: 'what sailors say',
    topics: ['sailing'],
    schemas: ['text/1'],
    licences: ['CC-BY-4.0', 'CC0-1.0'],
    consent: 'use it to answer questions',
    curators: CURATORS.map((c) => c.address),
    threshold: 2,
    intakeHost: '12D3KooWHost',
    hosts: [],
    intake: { pendingPerAccount: 1_000, perDayPerAccount: 5_000 },
    review: { approvals: 2, sharePpm: 600_000, leaseMs: 900_000 },
    royalty: {
      royaltyPpm: 300_000,
      contributorsPpm: 700_000,
      builderPpm: 100_000,
      curatorsPpm: 100_000,
      treasuryPpm: 100_000
    },
    treasury: person(9).address,
    seq: 0,
    createdAtMs: 1_000,
    effectiveAtMs: 1_000,
    changeDelayMs: 0,
    ...change
  }
}

/** A contribution by person 5 that the manifest above admits. */
export function contribution(change: Partial<Contribution> = {}): Contribution {
  return {
    version: 1,
    datanet: cidOf(Uint8Array.of(1)),
    schema: 'text/1',
    content: { title: 'bow', text: 'The bow is the front of a boat.' },
    language: 'en',
    licence: 'CC-BY-4.0',
    origin: 'direct',
    contributor: person(5).address,
    consent: { digest: consentDigest(manifest()), atMs: 900 },
    salt: new Uint8Array(16).fill(4),
    createdAtMs: 1_000,
    ...change
  } as Contribution
}

/** Some CID that differs by `n`. */
export function someCid(n: number): CID {
  return cidOf(Uint8Array.of(n >> 8, n & 255))
}
