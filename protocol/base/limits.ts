/** Every bound of the protocol with its reason (specs/02-encoding.md §Limits). */
export const LIMITS = {
  /** One record: big enough for a revision header or a 64 KiB contribution with its envelope. */
  recordBytes: 262_144,
  /** One frame of an exchange: a record, or one block of content with its framing. */
  frameBytes: 2_228_224,
  /** One block of content: what bitswap accepts as well. */
  blockBytes: 2_097_152,
  /** All content of one revision that a peer takes from another, and the blocks it may come in. */
  contentBytes: 1_073_741_824,
  contentBlocks: 2_000_000,
  /** Text of one contribution: a long article; longer things come as files. */
  contributionTextBytes: 65_536,
  /** A name, title or label. */
  labelBytes: 256,
  /** Labels, topics, licences or schemas in one record. */
  labels: 32,
  /** Tags of one contribution, and turns of one dialogue. */
  tags: 16,
  turns: 256,
  /** Curators of one Datanet: bounds the approvals a contract must check. */
  curators: 32,
  /** Peers that keep copies of a Datanet besides its intake host. */
  hosts: 16,
  /** How long the curators of a Datanet may bind themselves to announce a change before it counts. */
  changeDelayMs: 2_592_000_000,
  /** Proposals that one curator of a Datanet alone approves and a peer keeps, and for how long. */
  proposals: 16,
  proposalLifeMs: 2_592_000_000,
  /** How long a contribution may be one curator's to review: a glance, a day's work. */
  leaseMsMin: 60_000,
  leaseMsMax: 86_400_000,
  /** Contributions that one curator has to review at a time: nobody keeps a queue from the others. */
  reviewLeases: 16,
  /** One appeal, signed: each review that answers it holds it whole. */
  appealBytes: 4_096,
  /** Accounts that share one revision's part for curators: a record with all of them stays small. */
  curation: 256,
  /** Contributions listed in one revision. */
  revisionRows: 1_000_000,
  /** One tombstone with its signatures, and all of one Datanet that a peer keeps. */
  tombstoneBytes: 8_192,
  tombstones: 1_000_000,
  /** How often a host reads the others' tombstones, and how old their last word may be (design: 2 min). */
  tombstoneSyncMs: 60_000,
  tombstoneStaleMs: 120_000,
  /** The question of a bounty: as long as people ask; one record of it; and how long it stands. */
  questionBytes: 4_096,
  bountyBytes: 16_384,
  bountyLifeMs: 31_536_000_000,
  /** Bounties of one Datanet that a host keeps without money, as many with, and those of one account. */
  bounties: 1_000,
  bountiesPerAccount: 16,
  /** How long a host keeps one whose money is not on the chain yet. */
  bountyWaitMs: 86_400_000,
  /** Hand-overs of one account in a row: bounds what a single contributor adds to revisions. */
  handOverChain: 16,
  /** Credit lines of one receipt: keeps a receipt in one frame and a fold cheap. */
  credits: 64,
  /** Steps from a receipt to the root of the group that it was signed in: bounds what a reader hashes. */
  receiptPath: 16,
  /** What was measured of one answer, in bytes: some hundred sentences and what supports them. */
  evidenceBytes: 131_072,
  /** Characters of one kind without a break: counting tokens of more would stall a peer. */
  tokenizerRun: 2_000,
  /** Characters of one chunk of an answer: a few lines, read as they come. */
  chunkCharacters: 4_096,
  /** Revisions one model card may name. */
  cardRevisions: 64,
  /** The rank of an adapter: servers set room aside for the largest. */
  adapterRank: 1_024,
  /** Adapters that an offer names as warm. */
  warmAdapters: 64,
  /** Leaves of one drop held in one document. */
  dropLeaves: 100_000,
  /** One drop document: its leaves at about 60 bytes each, and its channels. */
  dropBytes: 8_388_608,
  /** Pieces that a reader takes one document in: a server fills its frames. */
  documentPieces: 64,
  /** A remote peer's error text, before it is shown. */
  remoteTextBytes: 512,
  /** How far ahead of our clock a record may be dated. */
  clockSkewMs: 300_000,
  /** Life of an offer, of a card and of a manifest document (design: short where money is). */
  offerLifeMs: 600_000,
  cardLifeMs: 604_800_000,
  manifestLifeMs: 2_592_000_000,
  /** Uncommitted receipts before calls stop, at least this many. */
  receiptsBehind: 64,
  /** Calls that one channel may have open at a time. */
  openCalls: 256,
  /** How long an answer can be had again after its call ended, unless its receipt is committed first. */
  replayMs: 600_000,
  /** All answers that one peer keeps for that; the oldest are forgotten first. */
  replayBytes: 268_435_456,
  /** Receipts that one ask is shown; whoever wants more asks again from the next. */
  receiptsListed: 256,
  /** Contributions that one ask for their standing is told of. */
  submissionsListed: 128,
  /** How long a provider's word to end a channel counts: for a transaction to find its block. */
  closeMs: 600_000,
  /** Channels of which a tower keeps vouchers, in all and for one peer: bounds what strangers cost. */
  towerChannels: 100_000,
  towerChannelsPerPeer: 1_000,
  /** How long a side waits for a frame that is due. */
  exchangeMs: 20_000,
  /** How long a provider holds an answer for the voucher that its next chunk needs. */
  voucherMs: 10_000,
  /** Vouchers of a wrong signature with which a peer is not heard any more, and for how long. */
  junkVouchers: 3,
  junkMs: 600_000,
  /** How long an ignored cancel is tolerated before the stream is reset. */
  cancelMs: 1_000,
  /** Streams kept open to one peer for one protocol. */
  poolStreams: 16,
  /** Streams one peer may hold open at us for one protocol. */
  inboundStreams: 64
} as const
