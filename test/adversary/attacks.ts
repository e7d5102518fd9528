/** What somebody tries, what it fails on, and the tests that show it: file and a part of their sentence. */
export interface Attack {
  readonly attack: string
  readonly defence: string
  readonly tests: ReadonlyArray<readonly [file: string, sentence: string]>
}

const POOL = 'test/contracts/pool.test.ts'
const DROPS = 'test/contracts/drops.test.ts'
const BOND = 'test/contracts/bond.test.ts'
const CHAIN = 'test/adversary/chain.test.ts'
const EQUIVOCATION = 'test/adversary/equivocation.test.ts'
const FLOOD = 'test/adversary/flood.test.ts'
const PROVIDER = 'test/protocol/channel/provider-ledger.test.ts'
const WINDOW = 'test/protocol/channel/window.test.ts'
const FOLD = 'test/protocol/reward/fold.test.ts'
const ANSWERING = 'test/peer/services/call/answering.test.ts'
const ATTEMPT = 'test/peer/services/call/attempt.test.ts'

/** Between peers: the call, its receipts, its bytes. */
export const CALL_ATTACKS: readonly Attack[] = [
  {
    attack: 'either side restarts with less than it promised',
    defence: 'the highest durable voucher is the truth, written before it is sent or served',
    tests: [
      [WINDOW, 'go on after the provider died at any moment, at no more than what was covered'],
      ['test/e2e/channel-restart.test.ts', 'both sides restart, and calls go on under the same']
    ]
  },
  {
    attack: 'the payer signs two roots at one count',
    defence: 'the provider refuses the second; the chain pays the larger amount once',
    tests: [
      [CHAIN, 'two roots at one count pay their larger amount once'],
      ['test/protocol/channel/ledger.test.ts', 'refuses for %s: %s']
    ]
  },
  {
    attack: 'the payer commits to receipts that nobody issued, or never commits',
    defence: 'refused, and calls stop',
    tests: [
      [PROVIDER, 'that commit to receipts nobody issued are refused'],
      [PROVIDER, 'are refused to a payer who leaves too many receipts uncommitted']
    ]
  },
  {
    attack: 'the provider signs two receipts for one place',
    defence: 'both are kept, it is called no more, and its bond is taken',
    tests: [
      [EQUIVOCATION, 'two receipts that one key signed for one place are both kept'],
      [EQUIVOCATION, 'the bond of the liar is taken whole'],
      [BOND, 'two receipts for one place take the whole bond, what is on its way out included'],
      [FOLD, 'two receipts for one place']
    ]
  },
  {
    attack: 'evidence is made up to take an honest bond',
    defence: 'both signatures, different leaves, a real channel',
    tests: [
      [BOND, 'nothing but two different receipts by the signer itself touches a bond'],
      [EQUIVOCATION, 'a receipt for a taken place by another key proves nothing']
    ]
  },
  {
    attack: 'a provider tells two offers by one number',
    defence: 'neither is called, both are kept',
    tests: [
      [EQUIVOCATION, 'of an offer that is told twice neither is called'],
      ['test/protocol/net/documents.test.ts', 'refused with both versions as evidence']
    ]
  },
  {
    attack: 'an honest card is shown in another wrapping, to have its issuer taken for a liar',
    defence: 'what was signed is compared, not what it comes in',
    tests: [
      ['test/protocol/net/seq-guard.test.ts', 'one body in two wrappings is one document'],
      [EQUIVOCATION, 'a card in another wrapping hides nothing and tells on nobody']
    ]
  },
  {
    attack: 'a receipt that contradicts the call, or costs more',
    defence: 'the caller computes every field itself',
    tests: [
      [ATTEMPT, 'a receipt that lies about %s is refused though it is signed'],
      [ATTEMPT, 'a running cost that is not the price of what came is refused at once']
    ]
  },
  {
    attack: 'many peers ask without paying',
    defence: 'no credit for strangers: paid before each chunk',
    tests: [
      [FLOOD, 'however many peers ask without paying, not one chunk leaves'],
      [ANSWERING, 'not one chunk leaves unpaid, whatever the caller sends instead']
    ]
  },
  {
    attack: 'a flood of vouchers that nobody signed',
    defence: 'three, and the connection ends; not let in for ten minutes',
    tests: [
      [FLOOD, 'the third voucher that nobody signed ends the connection'],
      [FLOOD, 'strikes are forgotten after their time, and so is the bar']
    ]
  },
  {
    attack: 'a public voucher is used by a stranger',
    defence: 'it covers calls of the peer that brought it first',
    tests: [['test/e2e/strangers.test.ts', 'a voucher that became public buys a stranger nothing']]
  },
  {
    attack: 'one call id for two requests, or an answer twice for one payment',
    defence: 'refused while it runs and after it',
    tests: [
      [PROVIDER, 'are refused twice for one call'],
      [ANSWERING, 'a request the provider does not serve is refused, and costs nothing']
    ]
  },
  {
    attack: 'parallel calls reserve more than the deposit',
    defence: 'reservations are integers against the confirmed deposit, in one step',
    tests: [
      [PROVIDER, 'count against the deposit and not against the voucher'],
      ['test/e2e/paid-call.test.ts', 'eight calls at once on one channel are all answered']
    ]
  },
  {
    attack: 'the prepayment is taken and nothing comes',
    defence: 'bounded by the payer’s own limit; asked last for ten minutes',
    tests: [
      ['test/e2e/strangers.test.ts', 'an offer that wants more in advance than the caller prepays'],
      ['test/e2e/provider-killed.test.ts', 'has lost what it pays ahead at most']
    ]
  },
  {
    attack: 'an offer below the royalty floor, or with an auditor of its own',
    defence: 'honest callers do not call it; the highest floor of the card’s Datanets counts',
    tests: [
      ['test/peer/services/model/catalogue.test.ts', 'asks for the wrong thing is never paid'],
      ['test/protocol/model/offer.test.ts', 'is not thinned by a Datanet that asks for nothing']
    ]
  },
  {
    attack: 'a program without the right token spends the peer’s money',
    defence: 'tokens with scopes and a limit per day',
    tests: [
      ['test/peer/api/wire.test.ts', 'questions of a token cost no more than its limit together'],
      [
        'test/peer/services/channel/budget.test.ts',
        'no interleaving of calls, ends, restarts and days'
      ]
    ]
  }
]

/** On the way from royalties to those who earned them. specs/09-reward.md */
export const REWARD_ATTACKS: readonly Attack[] = [
  {
    attack: 'a drop above what the pool holds',
    defence: 'the total is bounded by what was collected',
    tests: [[POOL, 'refuses a drop above what was collected, a shrinking one']]
  },
  {
    attack: 'a drop that pays the operator’s friends',
    defence: 'pending for a delay, in which the auditor’s curators end it',
    tests: [
      [POOL, 'ends a pending drop by the veto of the auditor'],
      [POOL, 'keeps the final drop claimable while a new one is pending, and replaces none'],
      ['test/protocol/reward/drop.test.ts', 'holds what the receipts give and nothing else']
    ]
  },
  {
    attack: 'a drop that takes back what an account had, or leaves it out',
    defence: 'anyone ends it by two proofs, and nobody ends an honest one',
    tests: [
      [DROPS, 'anyone ends a drop that %s'],
      [DROPS, 'nobody ends a drop that takes nothing from anyone'],
      ['test/protocol/reward/refutation.test.ts', 'whoever lost something or is missing is found']
    ]
  },
  {
    attack: 'leaves that hide behind sums which do not add up',
    defence: 'every hash carries both sums',
    tests: [
      [POOL, 'refuses a root whose sums do not add up to the posted total'],
      [DROPS, 'anyone ends a drop out of order, in which gaps would prove nothing']
    ]
  },
  {
    attack: 'a share is claimed twice, by another proof, or beyond the total',
    defence: 'cumulative per account, bounded in all',
    tests: [
      [POOL, 'refuses to claim twice, and pays the difference of a later drop'],
      [POOL, 'refuses a proof of another amount, account, sum, side or tree'],
      [POOL, 'pays out no more than the total when a later drop gives paid shares to others']
    ]
  },
  {
    attack: 'the operator posts nothing',
    defence: 'after thirty days the auditor’s curators post',
    tests: [
      [DROPS, 'the curators post for an operator that is silent for thirty days, and only then']
    ]
  },
  {
    attack: 'the provider credits itself by receipts that no payer agreed to',
    defence: 'such a receipt pays treasuries alone',
    tests: [[FOLD, 'a receipt that only the provider signed never pays its own credit lines']]
  },
  {
    attack: 'a drop too large to be fetched, or that never ends',
    defence: 'pieces, within the bound of its kind',
    tests: [
      ['test/e2e/large-drop.test.ts', 'a drop of six thousand accounts is fetched from a peer'],
      ['test/protocol/net/documents.test.ts', 'that comes at a drip is given up']
    ]
  },
  {
    attack: 'fewer curators than the threshold, one of them twice, or after they were rotated out',
    defence: 'distinct seats in force are counted',
    tests: [
      ['test/contracts/registry.test.ts', 'refuses fewer curators than the threshold, strangers'],
      ['test/contracts/rotation.test.ts', 'the quorum of those before puts the next curators in']
    ]
  }
]
