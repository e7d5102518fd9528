import type { Attack } from './attacks.ts'

const ESCROW = 'test/contracts/escrow.test.ts'
const FUNDING = 'test/contracts/funding.test.ts'
const CLOSE = 'test/contracts/close.test.ts'
const HOSTILE = 'test/contracts/hostile-token.test.ts'
const CHAIN = 'test/adversary/chain.test.ts'
const VOUCHER = 'test/protocol/channel/voucher.test.ts'
const PROVIDER = 'test/protocol/channel/provider-ledger.test.ts'
const WINDOW = 'test/protocol/channel/window.test.ts'
const ANSWERING = 'test/peer/services/call/answering.test.ts'
const CLAIMER = 'test/peer/services/channel/claimer.test.ts'
const VECTORS_CLOSE = 'test/vectors-close.test.ts'
const WATCH = 'test/peer/chain/watch.test.ts'

/** Against vouchers and channels on chain. specs/07-channel.md, specs/11-threats.md */
export const CHANNEL_ATTACKS: readonly Attack[] = [
  {
    attack: 'the same voucher is claimed again',
    defence: 'totals so far; what is claimed never falls',
    tests: [[ESCROW, 'skips a replayed and a stale voucher']]
  },
  {
    attack: 'a voucher of another chain, contract, name or version',
    defence: 'the domain is signed, and the id binds both',
    tests: [
      [ESCROW, 'skips vouchers signed for another chain, contract, name or version'],
      [ANSWERING, 'an opening voucher that is not right is refused by its own code']
    ]
  },
  {
    attack: 'a voucher after close, refund and another deposit',
    defence: 'closed is closed for ever; a withdrawal deletes no total',
    tests: [
      [CLOSE, 'claims the last voucher, refunds the rest and ends the channel for ever'],
      [ESCROW, 'never pays a voucher twice over withdrawal and new deposits']
    ]
  },
  {
    attack: 'a malleable signature: high s, another parity, r and s swapped, 65 bytes, zeros',
    defence: 'compact form and low s only, and the signer must be the one in the terms',
    tests: [
      [VOUCHER, 'is refused with %s'],
      ['test/protocol/base/secp256k1.test.ts', 'refuses the high s %d'],
      [ESCROW, 'skips the poisoned rows of a batch and pays the others']
    ]
  },
  {
    attack: 'a second valid signature of one voucher',
    defence: 'nothing is known by the bytes of its signature',
    tests: [[CHAIN, 'another valid signature of one voucher is the same voucher']]
  },
  {
    attack: 'terms without a payer or a signer, whose signature would recover to nobody',
    defence: 'refused when funded, and by the provider',
    tests: [
      [ESCROW, 'refuses to fund terms with %s'],
      ['test/protocol/channel/terms.test.ts', 'without a %s are refused']
    ]
  },
  {
    attack: 'one side closes on an old total',
    defence: 'closing takes the receipt signer’s word, and the payer’s way has a delay',
    tests: [
      [
        CLOSE,
        'refuses to close by anyone but the receipt signer, too late, or by a forged voucher'
      ],
      ['test/e2e/channel-close.test.ts', 'a payer that takes back what it signed for loses it']
    ]
  },
  {
    attack: 'a channel is closed by agreement while more is to come, or on less than was signed',
    defence: 'a provider’s word is for its highest voucher, with no call open and all committed to',
    tests: [
      [VECTORS_CLOSE, 'is answered frame by frame as the page says'],
      [VECTORS_CLOSE, 'takes the word back that a call was let in before, and gives none'],
      [
        'test/e2e/close-by-agreement.test.ts',
        'a provider gives its word to the payer alone, and a stranger holds up nothing'
      ]
    ]
  },
  {
    attack: 'a provider’s word to close is kept back, and calls go on under it',
    defence: 'no call until the word has run out by confirmed blocks, restarts included',
    tests: [
      [
        VECTORS_CLOSE,
        'keeps calls off the channel until the word has run out, also through a restart'
      ]
    ]
  },
  {
    attack: 'a token that says it takes permits, and means another kind',
    defence: 'what reverts before it is sent is not tried twice, and the money goes another way',
    tests: [
      [
        'test/peer/services/channel/funding.test.ts',
        'what a token says and does not keep is not tried twice'
      ]
    ]
  },
  {
    attack: 'a signed ceiling above what was delivered is claimed',
    defence: 'vouchers say what is owed; surplus pays later calls and is bounded by one opening',
    tests: [
      [WINDOW, 'never risk more of the payer than one chunk per call in flight'],
      ['test/protocol/channel/payer-ledger.test.ts', 'uses the surplus of ended calls first']
    ]
  },
  {
    attack: 'a stranger’s top-up delays or calls off a withdrawal, or a withdrawal takes it',
    defence: 'deposits touch no timer, and only the payer starts one',
    tests: [
      [CHAIN, 'neither delay nor call off a withdrawal'],
      [ESCROW, 'starts the delay again with a new withdrawal, and never by a deposit']
    ]
  },
  {
    attack: 'somebody funds a channel first, to own its id',
    defence: 'the id is the hash of the terms, and only those named there have a say',
    tests: [[CHAIN, 'who funds a channel before its payer does owns nothing of it']]
  },
  {
    attack: 'deposits of dust',
    defence: 'nobody else pays their gas, and they buy no call; dust is not claimed',
    tests: [
      [ANSWERING, 'a channel without the money or with other terms is refused'],
      [CLAIMER, 'claims what is old however little it is, and never dust']
    ]
  },
  {
    attack: 'an EIP-3009 authorization is copied to fund another channel',
    defence: 'receive variant, and its nonce binds channel and amount',
    tests: [[FUNDING, 'funds by an authorization that fits one channel and one amount alone']]
  },
  {
    attack: 'a permit is shown to the token first',
    defence: 'the order is signed for itself; a permit that fails is no failure',
    tests: [[FUNDING, 'whoever sends them, even when the permit ran ahead']]
  },
  {
    attack: 'an order to fund is used again, late, by another, for more',
    defence: 'nonce, deadline, channel and amount are signed',
    tests: [
      [FUNDING, 'refuses an order by another, for another channel or amount, used, cancelled']
    ]
  },
  {
    attack: 'an older voucher is claimed first, for one wei',
    defence: 'the total of the last is the same',
    tests: [
      [CHAIN, 'a stranger who claims one wei of an older voucher first takes nothing from anyone'],
      [ESCROW, 'comes to the same state whatever the order and grouping of rows']
    ]
  },
  {
    attack: 'one bad row in a batch of a hundred',
    defence: 'a row that cannot be claimed is skipped and told',
    tests: [
      [CLOSE, 'one poisoned row in a hundred costs the other ninety-nine nothing'],
      [CLAIMER, 'one poisoned row in 100 costs itself alone, and is not tried again']
    ]
  },
  {
    attack: 'a voucher on a top-up that is not confirmed, in a batch',
    defence: 'the row is paid as far as the deposit goes; the provider counts confirmed money only',
    tests: [
      [CHAIN, 'a voucher on a top-up that is not there yet spoils no batch'],
      [PROVIDER, 'above the confirmed deposit are refused']
    ]
  },
  {
    attack: 'royalty above the amount',
    defence: 'refused off chain; captured up to the amount on chain, never reverting',
    tests: [
      [CHAIN, 'royalty above the amount captures the amount'],
      [ESCROW, 'captures no more royalty than is newly claimed and never gives any back']
    ]
  },
  {
    attack: 'amounts at the edges of 80 and 128 bits',
    defence: 'bounded before they are stored, and the wire form has a length',
    tests: [
      [CHAIN, 'amounts at the edge of what fits are paid to the unit'],
      [VOUCHER, 'is refused with a count beyond what we can count'],
      ['test/protocol/reward/drop.test.ts', 'takes no sum that could wrap']
    ]
  },
  {
    attack: 'a token that keeps a fee',
    defence: 'what arrived must be what was said',
    tests: [
      [HOSTILE, 'refuses a deposit in a token that keeps a part of it'],
      [HOSTILE, 'refuses to credit a pool with royalty that a fee ate']
    ]
  },
  {
    attack: 'a token that calls back while it moves',
    defence: 'one guard over all that moves money, and state before payment',
    tests: [
      [HOSTILE, 'a token that calls back while it moves gets nothing twice'],
      [CLOSE, 'a receiver that refuses coins, or calls back for more, hurts only itself']
    ]
  },
  {
    attack: 'a token that freezes an account',
    defence: 'credits are pulled, each by itself',
    tests: [[HOSTILE, 'a frozen account keeps nobody else from being paid']]
  },
  {
    attack: 'a token that returns false',
    defence: 'false is a refusal, and the credit stays',
    tests: [[CHAIN, 'a token that says no without reverting credits nobody']]
  },
  {
    attack: 'the deposit is withdrawn while it is spent',
    defence: 'no call after the start, claims in the delay, and the withdrawal takes what is left',
    tests: [
      [CHAIN, 'a claim in the last second of the delay is paid'],
      ['test/e2e/channel-close.test.ts', 'a provider takes no call on a channel whose deposit is'],
      [CLAIMER, 'claims 100 of 100 channels within a tenth of their delay once a withdrawal starts']
    ]
  },
  {
    attack: 'the same, while the chain cannot be reached for nine tenths of the delay',
    defence: 'the claimer tries on, and lands in time',
    tests: [[CLAIMER, 'lands its claim though the chain is away for nine tenths of the delay']]
  },
  {
    attack: 'a deposit vanishes with a fork',
    defence: 'confirmed blocks only, and what a fork took back is taken back',
    tests: [
      [WATCH, 'a withdrawal that a fork never had is none, and one that it moved is the moved one'],
      [WATCH, 'counts an event only under as many blocks as were asked for']
    ]
  },
  {
    attack: 'one vault is promised to many providers',
    defence: 'a provider counts what landed; the vault pays no more than it holds',
    tests: [
      [FUNDING, 'one vault funds many channels, each by an order of the payer'],
      [FUNDING, 'back after its delay, less what orders used meanwhile']
    ]
  }
]
