import { CommanderError } from 'commander'
import type { HandOverDraft, HandOverState } from '../../../../peer/api/accounts-api.ts'
import type { ContributionDraft, DatanetSummary } from '../../../../peer/api/datanets-api.ts'
import type { Replica } from '../../../../peer/api/hosting-api.ts'
import type { AskEvent, ModelListing, Question } from '../../../../peer/api/models-api.ts'
import type {
  ChannelSummary,
  EvidenceSummary,
  Explanation,
  ReceiptSummary
} from '../../../../peer/api/money-api.ts'
import type { PeerApi, PeerHealth } from '../../../../peer/api/peer-api.ts'
import type { RowsPage, RowsQuery } from '../../../../peer/api/rows-api.ts'
import type {
  ContributionFinding,
  OwnContribution,
  Standing
} from '../../../../peer/api/submissions-api.ts'
import type { WithdrawalDraft, WithdrawalState } from '../../../../peer/api/withdrawals-api.ts'
import { createPrint, failed } from '../../../../peer/faces/cli/print.ts'
import { createProgram, usageCode } from '../../../../peer/faces/cli/program.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { answering, listing, receipt } from '../gateway/scripted-api.ts'

export const OWN = `0x${'a1'.repeat(20)}`
export const CURATOR = `0x${'c2'.repeat(20)}`
const CALL = '0123456789abcdef0123456789abcdef'

export const BREAD: DatanetSummary = {
  id: 'bafyreibreadbreadbreadbreadbreadbreadbreadbreadbreadbreada1',
  name: 'Bread',
  purpose: 'What bakers know.',
  topics: ['bread', 'baking'],
  schemas: ['text/1'],
  licences: ['CC0-1.0'],
  consent: 'I give it.',
  curators: [CURATOR],
  threshold: 1,
  intakeHost: '12D3KooWhosthosthosthost',
  hosts: [],
  intake: { pendingPerAccount: 1_000, perDayPerAccount: 5_000 },
  review: { approvals: 1, sharePpm: 600_000, leaseMs: 900_000 },
  royalty: {
    royaltyPpm: 300_000,
    contributorsPpm: 700_000,
    builderPpm: 100_000,
    curatorsPpm: 100_000,
    treasuryPpm: 100_000
  },
  treasury: CURATOR,
  seq: 0,
  effectiveAtMs: 0,
  changeDelayMs: 86_400_000,
  chainKey: `0x${'33'.repeat(32)}`
}

const ROWS = ['bafyreirowone', 'bafyreirowtwo'].map((id) => ({
  ...{ contribution: id.padEnd(59, 'a'), datanet: BREAD.id, account: OWN },
  ...{
    status: 'accepted' as const,
    order: 1,
    takenAtMs: 1_000,
    schema: 'text/1',
    title: id
  }
}))

/** An item as a curator is given it. */
function workOn(title: string, index: number) {
  const text = `About ${title}.`
  return {
    ...{ contribution: `bafyreipending${index}`, schema: 'text/1', title, text },
    ...{ content: { title, text }, language: 'en', licence: 'CC0-1.0', origin: 'direct' as const },
    ...{ untilMs: 1_700_000_000_000, flags: [], findings: [] }
  }
}

const isOf = (one: unknown, id: string) => (one as { contribution: string }).contribution === id

/** A PeerApi that answers from memory, and what it was asked to do. */
export interface ScriptedPeer {
  readonly api: PeerApi
  readonly contributed: ContributionDraft[]
  readonly did: unknown[][]
}

export function scriptedPeer(
  given: {
    datanets?: readonly DatanetSummary[]
    listings?: readonly ModelListing[]
    answer?: (question: Question, signal: AbortSignal) => AsyncIterable<AskEvent>
    refuse?: (draft: ContributionDraft) => void
    receipts?: readonly ReceiptSummary[]
    explanation?: Explanation
    submissions?: readonly OwnContribution[]
    standings?: readonly Standing[]
    check?: (draft: ContributionDraft) => readonly ContributionFinding[]
    rows?: readonly Record<string, unknown>[]
    evidence?: readonly EvidenceSummary[]
    channels?: readonly ChannelSummary[]
    accounts?: readonly { address: string; label: string }[]
    autoPublish?: boolean
    replicas?: readonly Replica[]
    health?: PeerHealth
  } = {}
): ScriptedPeer {
  const contributed: ContributionDraft[] = []
  const did: unknown[][] = []
  const accounts = [...(given.accounts ?? [{ address: OWN, label: 'own' }])]
  const receipts = given.receipts ?? [receipt(CALL, 12_500_000_000_000_000n)]
  const answer = given.answer ?? answering(['Knead it ', 'for ten minutes. [1]'])
  const api = {
    datanets: {
      list: async () => given.datanets ?? [BREAD],
      async find(topic: string) {
        const found = (given.datanets ?? [BREAD]).filter((one) => one.topics.includes(topic))
        if (found.length === 0) throw new DatanetError('DISCOVERY_EMPTY', { topic })
        return found
      },
      async create(draft: object) {
        did.push(['create', draft])
        return { ...BREAD, ...draft }
      },
      async contribute(draft: ContributionDraft) {
        given.refuse?.(draft)
        contributed.push(draft)
        const contribution = `bafyreirow${contributed.length}`
        const word = { order: contributed.length, takenAtMs: 1_000, findings: [] }
        return { contribution, status: 'pending' as const, ...word }
      },
      submissions: async () => given.submissions ?? ROWS,
      check: async (draft: ContributionDraft) => given.check?.(draft) ?? [],
      async rows(query: RowsQuery): Promise<RowsPage> {
        did.push(['rows', query])
        const rows = given.rows ?? []
        const [from, size] = [query.from ?? 0, 2]
        const page = rows.slice(from, from + size)
        const next = from + size < rows.length ? { next: from + size } : {}
        return { rows: page, ordinal: 4, of: rows.length, skipped: 0, ...next }
      },
      async submission({ contribution }: { contribution: string }) {
        const one = given.submissions?.find((own) => own.contribution === contribution)
        const word = { host: '12D3KooWhost', receipt: 'AA==', signed: 'AA==', origin: 'direct' }
        return { ...one, ...word, content: { text: 'Rise.' }, language: 'en', licence: 'CC0-1.0' }
      },
      async standing(query: { contribution?: string }) {
        did.push(['standing', query])
        return (given.standings ?? []).filter(
          ({ contribution }) => (query.contribution ?? contribution) === contribution
        )
      },
      async withdraw(draft: WithdrawalDraft): Promise<WithdrawalState> {
        did.push(['withdraw', draft])
        const { contribution, proposal } = draft
        if (draft.isTakedown === true && proposal === undefined) {
          return { state: 'proposed', contribution, proposal: 'c2lnbmVk', valid: 1, threshold: 2 }
        }
        const answers = [
          { peer: BREAD.intakeHost, index: 0, atMs: 1_000 },
          { peer: '12D3KooWotherotherother', code: 'PEER_UNREACHABLE', atMs: 1_000 }
        ]
        return { state: 'withdrawn', contribution, tombstone: 'bafyreitombstone', answers }
      },
      replicas: async () => given.replicas ?? [],
      async host(draft: { isOn: boolean }) {
        did.push(['host', draft])
        return { datanet: BREAD.id, isHost: draft.isOn, ordinal: 3 }
      },
      clean: async () => ({ blocks: 12, bytes: 40_000 }),
      pending: async () =>
        ['Sourdough', 'Rye'].map((title, index) => ({
          contribution: `bafyreipending${index}`,
          contributor: OWN,
          schema: 'text/1',
          title,
          text: `About ${title}.`,
          content: { title, text: `About ${title}.` },
          language: 'en',
          licence: 'CC0-1.0',
          origin: 'direct' as const,
          ...{ order: index + 1, findings: [] }
        })),
      async reviewNext(query: { most?: number }) {
        const left = ['Sourdough', 'Rye'].map(workOn).filter(({ contribution: id }) => {
          return !did.some(([what, one]) => what === 'review' && isOf(one, id))
        })
        return left.slice(0, query.most ?? 1)
      },
      async reviewGive(draft: { contributions: readonly string[] }) {
        if (draft.contributions.length > 0) did.push(['give', draft])
        return { contributions: draft.contributions }
      },
      reviewShow: async () => workOn('Sourdough', 0),
      reviewHeld: async () => [{ ...workOn('Yeast', 7), flags: [{ code: 'harmful' }] }],
      async reviewStats() {
        const counts = { approve: 3, reject: 1, unsure: 0, flag: 0, clear: 0 }
        const judged = { decided: 4, asDecided: 3, shared: 4, agreedPpm: 750_000 }
        return {
          shared: 4,
          alphaPpm: 400_000,
          curators: [{ curator: CURATOR, ...counts, ...judged }]
        }
      },
      async appeal(draft: object) {
        did.push(['appeal', draft])
        return { status: 'pending' as const }
      },
      async review(draft: { verdict: string }) {
        did.push(['review', draft])
        const status = { approve: 'accepted', reject: 'rejected' }[draft.verdict] ?? 'pending'
        return draft.verdict === 'flag' ? { status, isHeld: true } : { status }
      },
      forks: async () => [],
      async head(id: string) {
        throw new DatanetError('ANCHOR_MISSING', { id })
      },
      fetch: async (id: string) => did.push(['fetch', id])
    },
    models: {
      list: async () => given.listings ?? [listing({ offers: [10_000_000_000_000_000n] })],
      built: async () => [],
      async build(recipe: object) {
        did.push(['build', recipe])
        return { ...listing().model, ...recipe }
      },
      async adopt(model: string) {
        did.push(['adopt', model])
        return listing().model
      },
      async search(topic: string) {
        throw new DatanetError('DISCOVERY_EMPTY', { topic })
      },
      ask(question: Question, { signal }: { signal: AbortSignal }) {
        did.push(['ask', question])
        return answer(question, signal)
      }
    },
    channels: {
      list: async () => given.channels ?? [],
      async close(channelId: string) {
        did.push(['close', channelId])
        const pendingWei = 9n * 10n ** 17n
        const readyAtMs = 4_000_000_000_000
        return did.filter(([what]) => what === 'close').length > 1
          ? { channelId, state: 'closed' as const, pendingWei: 0n, returnedWei: pendingWei }
          : { channelId, state: 'withdrawing' as const, pendingWei, returnedWei: 0n, readyAtMs }
      }
    },
    receipts: {
      list: async () => receipts,
      show: async (callId: string) => {
        const found = receipts.find((one) => one.callId === callId)
        if (found === undefined) throw new DatanetError('RECEIPT_UNKNOWN', { callId })
        return found
      },
      async verify(callId: string) {
        did.push(['verify', callId])
        const isFetched = did.some(([what]) => what === 'fetch')
        const one = receipts.find((receipt) => receipt.callId === callId) as ReceiptSummary
        const texts = isFetched
          ? { what: 'texts' as const, holds: true }
          : { what: 'texts' as const, holds: false, reason: 'TEXTS_NOT_HERE' as const }
        const checks = [{ what: 'signature' as const, holds: true }, texts]
        return { ...one, checks, datanet: 'bafydatanet' }
      },
      explain: async () => given.explanation,
      evidence: async () => given.evidence ?? [],
      async report(channelId: string) {
        did.push(['report', channelId])
        const provider = '12D3KooWliarliarliarliar'
        return { channelId, provider, takenWei: 50n * 10n ** 18n, rewardWei: 5n * 10n ** 18n }
      }
    },
    rewards: {
      async claim(account: string) {
        if (account !== OWN) throw new DatanetError('NOTHING_TO_CLAIM', { account })
        return { account, claimedWei: 2_000_000_000_000_000_000n, txHashes: ['0x01'] }
      }
    },
    accounts: {
      list: async () => accounts,
      async find(named: string) {
        const found = accounts.find((one) => one.address === named || one.label === named)
        if (found === undefined) throw new DatanetError('ACCOUNT_UNKNOWN', { account: named })
        return found
      },
      async show(named: string) {
        const { address, label } = await this.find(named)
        return {
          ...{ address, label, balanceWei: 5_500_000_000_000_000_000n },
          contributions: [{ datanet: BREAD.id, pending: 1, accepted: 1_200, rejected: 0 }],
          handOvers: [
            { oldAccount: address, newAccount: CURATOR, datanet: BREAD.id, ordinal: 4 },
            { oldAccount: CURATOR, newAccount: address, ordinal: 0 }
          ]
        }
      },
      async handOver(draft: HandOverDraft): Promise<HandOverState> {
        did.push(['handOver', draft])
        const parties = { oldAccount: OWN, newAccount: draft.to }
        if (draft.signature !== undefined) {
          const datanets = [
            { datanet: BREAD.id, ordinal: 0 },
            { datanet: BREAD.id, code: 'PEER_UNREACHABLE' }
          ]
          return { state: 'submitted', ...parties, datanets }
        }
        const types = { HandOver: [{ name: 'oldAccount', type: 'address' }] }
        const typedData = { domain: { name: 'datanet', version: '1' }, types }
        const message = { ...parties, seq: '1800000000000' }
        return {
          state: 'to sign',
          ...parties,
          typedData: { ...typedData, primaryType: 'HandOver', message }
        }
      },
      async create(label: string) {
        const account = { address: label === 'curator' ? CURATOR : OWN, label }
        accounts.push(account)
        return account
      },
      balance: async () => 5_500_000_000_000_000_000n
    },
    status: async () => ({
      peerId: '12D3KooWmymymymymymymymy',
      addresses: ['/ip4/127.0.0.1/tcp/4001'],
      connectedPeers: 3,
      health: given.health ?? { isWell: true, reasons: [] },
      openStreams: 5,
      chainId: 31_337,
      token: { symbol: 'DNC', decimals: 18 },
      account: OWN,
      roles: ['host', 'provider', 'consumer'] as const,
      signer: 'native' as const,
      autoPublish: given.autoPublish ?? false,
      keystore: 'plain' as const,
      version: '0.1.0'
    })
  }
  return { api: api as unknown as PeerApi, contributed, did }
}

/** Runs `datanet` with `words` against `peer`; what it said, where, and its exit code. */
export async function cli(
  peer: ScriptedPeer,
  words: readonly string[],
  init: {
    columns?: number
    signal?: AbortSignal
    answers?: string[]
    passphrase?: string
    dataDir?: string
  } = {}
): Promise<{ out: string; err: string; code: number }> {
  let out = ''
  let err = ''
  const sinks = {
    out: { columns: init.columns ?? 100, write: (text: string) => (out += text) },
    err: { write: (text: string) => (err += text) }
  }
  const { answers } = init
  const prompt = async () => answers?.shift() ?? 'q'
  const program = createProgram({
    connect: async () => ({
      api: peer.api,
      ...(init.dataDir === undefined ? {} : { dataDir: init.dataDir })
    }),
    print: (isJson) =>
      createPrint({ isJson, ...sinks, ...(answers === undefined ? {} : { prompt }) }),
    passphrase: async ({ file }) => init.passphrase ?? `in ${file}`,
    signal: init.signal ?? new AbortController().signal
  })
  // Settings go to the commands that are made later only, so each is told.
  const all = [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]
  for (const one of all) {
    one.configureOutput({ writeOut: sinks.out.write, writeErr: sinks.err.write })
  }
  try {
    await program.parseAsync([...words], { from: 'user' })
    return { out, err, code: 0 }
  } catch (error) {
    const code =
      error instanceof CommanderError
        ? usageCode(error)
        : failed(error, words.includes('--json'), sinks)
    return { out, err, code }
  }
}

/** Columns that `text` takes in a terminal. */
export const widthOf = (text: string): number =>
  Math.max(...text.split('\n').map((line) => [...line].length))
