import type { Attack } from './attacks.ts'

/** What a paid call promises, whoever tries what: each rule with the tests that show it. */
export interface Rule extends Pick<Attack, 'tests'> {
  readonly rule: string
}

const EXCHANGE = 'test/protocol/net/exchange.test.ts'
const SERVER = 'test/protocol/net/exchange-server.test.ts'
const WINDOW = 'test/protocol/channel/window.test.ts'
const PAID = 'test/e2e/paid-call.test.ts'
const RESTART = 'test/e2e/channel-restart.test.ts'
const ANSWERING = 'test/peer/services/call/answering.test.ts'
const ATTEMPT = 'test/peer/services/call/attempt.test.ts'
const RECEIPT = 'test/protocol/receipt/receipt.test.ts'
const LEDGER = 'test/protocol/channel/ledger.test.ts'
const ESCROW = 'test/contracts/escrow.test.ts'
const POOL = 'test/contracts/pool.test.ts'
const FOLD = 'test/protocol/reward/fold.test.ts'

/** The paid call, the escrow, the pool, the bond. specs/07-channel.md, specs/08-receipt.md, specs/09-reward.md */
export const RULES: readonly Rule[] = [
  {
    rule: 'a kept stream carries one exchange at a time; another is opened when all are busy',
    tests: [[EXCHANGE, 'uses one stream for asks one after another and one each for asks at once']]
  },
  {
    rule: 'frames are bounded, and a side that does not answer a stop has its stream reset',
    tests: [
      [SERVER, 'answers an oversized frame with its code and lives on'],
      [EXCHANGE, 'is reset when the handler ignores the stop']
    ]
  },
  {
    rule: 'what is set aside counts against the confirmed deposit and never against vouchers',
    tests: [
      [
        'test/protocol/channel/provider-ledger.test.ts',
        'count against the deposit and not against the voucher'
      ]
    ]
  },
  {
    rule: 'delivered + the next chunk ≤ the highest voucher + credit, which strangers have none of',
    tests: [
      [WINDOW, 'never deliver more than is authorised and credited'],
      [ANSWERING, 'not one chunk leaves unpaid, whatever the caller sends instead']
    ]
  },
  {
    rule: 'what is demanded beyond the next chunk is not paid',
    tests: [[ATTEMPT, 'a demand beyond the next chunk is not paid']]
  },
  {
    rule: 'every chunk says the running cost, which both sides count from the same public tokens',
    tests: [
      [ATTEMPT, 'a running cost that is not the price of what came is refused at once'],
      [PAID, 'is paid for to the wei, and its receipt is the same on both sides']
    ]
  },
  {
    rule: 'the caller checks request, answer, usage, price and place before it commits',
    tests: [
      [ATTEMPT, 'a receipt that lies about %s is refused though it is signed'],
      [RECEIPT, 'refuses a receipt with another %s']
    ]
  },
  {
    rule: 'the last receipt is committed to by a voucher that moves no amount',
    tests: [
      ['test/protocol/channel/payer-ledger.test.ts', 'changes no amount'],
      [PAID, 'eight calls at once on one channel are all answered, and the ledgers agree']
    ]
  },
  {
    rule: 'amounts and count never fall; known vouchers are ignored and not punished',
    tests: [
      [WINDOW, 'stay settled when every voucher is replayed in any order'],
      [LEDGER, 'knows the same voucher again']
    ]
  },
  {
    rule: 'royalty is owed per call by the frozen policy, rounded down',
    tests: [
      [LEDGER, 'sum to it, the royalty rounded down'],
      ['test/protocol/channel/provider-ledger.test.ts', 'with less royalty than the open calls owe']
    ]
  },
  {
    rule: 'a receipt has its place when its call ends, without holes, and is kept before it is signed out',
    tests: [
      [PAID, 'calls cancelled at any moment leave no hole and hold no money back'],
      ['test/peer/store/channels.test.ts', 'the first receipt of a call and of a place stays']
    ]
  },
  {
    rule: 'calls stop when too many receipts are uncommitted, and not before',
    tests: [
      ['test/e2e/channel-life.test.ts', 'calls go on past the receipts that may be uncommitted'],
      [
        'test/protocol/channel/provider-ledger.test.ts',
        'are refused to a payer who leaves too many receipts uncommitted'
      ]
    ]
  },
  {
    rule: 'a published receipt shows no prompt, no answer and no guessable hash',
    tests: [[RECEIPT, 'shows neither prompt nor answer, nor a hash that could be guessed']]
  },
  {
    rule: 'parallel calls on one channel need no lock, and lose nothing',
    tests: [
      [WINDOW, 'end with every call settled, every receipt committed, and nobody refused'],
      ['test/e2e/channel-life.test.ts', 'a deposit that runs out is topped up, also under parallel']
    ]
  },
  {
    rule: 'after a restart the highest durable voucher is the truth on both sides',
    tests: [
      [RESTART, 'both sides restart, and calls go on under the same channel and totals'],
      [WINDOW, 'go on after the provider died at any moment, at no more than what was covered']
    ]
  },
  {
    rule: 'a call id is answered once',
    tests: [[ANSWERING, 'a request the provider does not serve is refused, and costs nothing']]
  },
  {
    rule: 'a free call has no channel, no place and no price',
    tests: [[RECEIPT, 'of a free call has no channel, no place and no price']]
  },
  {
    rule: 'a call that fails is charged for what was delivered, and asked of another provider',
    tests: [
      [ANSWERING, 'a caller that stops instead of paying gets the receipt of what it got'],
      [
        'test/e2e/provider-killed.test.ts',
        'with a second provider up, the same question is answered'
      ]
    ]
  },
  {
    rule: 'the channel id is the hash of the terms, and every term changes it',
    tests: [
      [
        'test/protocol/channel/terms.test.ts',
        'name a channel by their EIP-712 digest, another one for every field, chain and escrow'
      ],
      [ESCROW, 'computes the channel id that the protocol computes']
    ]
  },
  {
    rule: 'anyone claims; rows are accounted and nothing is paid out in a claim',
    tests: [
      [ESCROW, 'splits what a voucher newly authorises between operator and pool'],
      [ESCROW, 'pays an operator its credit once, whoever asks']
    ]
  },
  {
    rule: 'a deposit falls by a finished withdrawal or a close alone',
    tests: [
      [ESCROW, 'gives the payer back the unclaimed deposit after the delay'],
      ['test/contracts/money-laws.test.ts', 'no sequence of actions breaks a law of the money']
    ]
  },
  {
    rule: 'claimed ≤ authorised ≤ deposit, royalty ≤ amount, and none of them falls',
    tests: [
      [WINDOW, 'never authorise more than the deposit, nor more royalty than amount'],
      [WINDOW, 'never lower a total on either side'],
      ['test/contracts/campaign.test.ts', 'the laws of the money corridor hold in Solidity']
    ]
  },
  {
    rule: 'the credits of a receipt are a whole',
    tests: [['test/protocol/receipt/receipt.test.ts', 'is not made with %s']]
  },
  {
    rule: 'leaves and unassigned are the pool, to the unit',
    tests: [
      [FOLD, 'leaves and unassigned sum to the pool, to the unit'],
      [
        'test/protocol/reward/split.test.ts',
        'conserves every unit of any receipt under any policy'
      ],
      ['test/e2e/rewards.test.ts', 'royalties reach everyone who earned them, to the unit']
    ]
  },
  {
    rule: 'a posted drop waits for its delay, and none replaces it meanwhile',
    tests: [[POOL, 'keeps the final drop claimable while a new one is pending, and replaces none']]
  },
  {
    rule: 'what nobody owns cannot be claimed',
    tests: [[POOL, 'lets nobody claim what is unassigned']]
  },
  {
    rule: 'a tenth of a slashed bond goes to the reporter, the rest is burnt',
    tests: [
      ['test/contracts/bond.test.ts', 'two receipts for one place take the whole bond'],
      ['test/adversary/equivocation.test.ts', 'a tenth for the reporter, the rest burnt']
    ]
  }
]
