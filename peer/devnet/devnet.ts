import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { DatanetError } from '../../protocol/base/errors.ts'
import type { ChannelSummary } from '../api/money-api.ts'
import { type Balance, type Captured, type Holder, isConserved, readBalances } from './balances.ts'
import { type Participant, type Roles, startParticipant } from './participant.ts'
import type { Submitted } from './roles/contributors.ts'
import type { Progress } from './roles/role.ts'
import { sampleContributions, sampleQuestions } from './sample.ts'
import type { Step, Summary } from './steps.ts'
import { createWorld, type World } from './world.ts'

export interface DevnetInit {
  readonly seed: number
  /** Questions of somebody's own, asked after the drawn ones. */
  readonly questions: readonly string[]
  /** Where the world is kept; without it, it is removed at the end. */
  readonly keep?: string
  readonly tell: (step: Step) => void
  readonly progress: (who: string, progress: Progress) => void
  /** Stops a loop that has not come to its end; what was started is stopped. */
  readonly signal?: AbortSignal
}

/** A devnet whose loop has run once and which goes on running. */
export interface Devnet {
  readonly summary: Summary
  readonly networkFile: string
  /** Opens the agent's OpenAI-compatible endpoint. */
  openGateway(): Promise<{ url: string; token: string }>
  stop(): Promise<void>
}

type Cast = { readonly [R in keyof Roles]: Participant<R> }

const TOPIC = 'software security'
const CONTRIBUTIONS = 280
const ANSWERABLE = 5
const UNANSWERABLE = 3
/** How long a participant may be waited for past the veto delay, as the chain counts time in blocks. */
const CLAIM_TRIES = 20
const TELL_MS = 2_500

/**
 * Runs the whole loop on real parts: contribute, organise, build, use, reward. Every participant is a
 * process of its own that is given a bootstrap address, the chain's URL, the contracts and a topic.
 * Throws the first failure, having stopped what was started.
 */
export async function startDevnet(init: DevnetInit): Promise<Devnet> {
  const startedAtMs = performance.now()
  const world = await telling(init, 'starting a chain', createWorld(TOPIC, init.keep))
  const started: Array<() => Promise<void>> = []
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= Promise.allSettled(started.map((end) => end())).then(() => world.stop())
    return stopped
  }
  // What fails then is thrown where the stop is awaited.
  const onAbort = () => stop().catch(() => {})
  try {
    init.signal?.addEventListener('abort', onAbort, { once: true })
    // It may have been stopped while the world was made.
    init.signal?.throwIfAborted()
    const { network, isKept, dir } = world
    init.tell({ step: 'world', network, isKept, dir })
    const cast = await telling(init, 'starting four peers', startCast(world, started))
    init.tell({
      step: 'participants',
      participants: Object.values(cast).map(({ role, pid, peerId, account }) => ({
        role,
        pid,
        peerId,
        account
      }))
    })
    const { submitted, rows } = await collect(cast, init)
    const revision = await build(cast, init)
    const holders = await holdersOf(cast, submitted, world)
    const before = await readBalances(world.chain, holders)
    const { spentWei, ...asked } = await use(cast, submitted, rows, init)
    const paid = await reward(cast, world, holders, { before, spentWei }, init)
    const { balances, captured, conserved } = paid
    const earnedWei = balances
      .filter(({ kind }) => kind === 'earner')
      .reduce((sum, { beforeWei, afterWei }) => sum + afterWei - beforeWei, 0n)
    const summary: Summary = {
      contributions: submitted.byTitle.size,
      revision,
      ...asked,
      paidWei: captured.claimedWei,
      royaltyWei: captured.royaltyWei,
      claimedWei: earnedWei,
      conserved,
      durationMs: Math.round(performance.now() - startedAtMs)
    }
    init.tell({ step: 'summary', summary })
    if (!conserved) {
      throw new DatanetError('INTERNAL', {}, { hint: 'balances on chain do not add up' })
    }
    return {
      summary,
      networkFile: world.networkFile,
      openGateway: () => cast.agent.openGateway(),
      stop
    }
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
}

/** Says what goes on until `work` is done: nothing else is said while it is. */
async function telling<T>(
  { progress }: Pick<DevnetInit, 'progress'>,
  text: string,
  work: Promise<T>
): Promise<T> {
  const tell = () => progress('devnet', { text, done: 0, total: 0 })
  tell()
  const timer = setInterval(tell, TELL_MS)
  return work.finally(() => clearInterval(timer))
}

async function startCast(
  { dir, network }: World,
  started: Array<() => Promise<void>>
): Promise<Cast> {
  const start = async <R extends keyof Roles>(role: R) => {
    return startParticipant(role, join(dir, role), network, (end) => started.push(end))
  }
  const [host, contributors, provider, agent] = await Promise.all([
    start('host'),
    start('contributors'),
    start('provider'),
    start('agent')
  ])
  return { host, contributors, provider, agent }
}

/** Contribute and organise: up to the published revision, of which it returns the rows. */
async function collect(
  { host, contributors }: Cast,
  init: DevnetInit
): Promise<{ submitted: Submitted; rows: number }> {
  init.tell({ step: 'founded', ...(await host.do('found')) })
  const submitted = await contributors.do(
    'contribute',
    { seed: init.seed, count: CONTRIBUTIONS },
    (progress) => init.progress('contributors', progress)
  )
  init.tell({
    step: 'contributed',
    contributions: submitted.byTitle.size,
    added: submitted.added,
    contributors: submitted.contributors
  })
  const onProgress = (progress: Progress) => init.progress('host', progress)
  const { approved, rejected } = await host.do('review', undefined, onProgress)
  init.tell({ step: 'reviewed', approved, rejected })
  const revision = await host.do('publish', undefined, onProgress)
  init.tell({ step: 'published', revision })
  return { submitted, rows: revision.rows }
}

/** Build: up to the offer. Returns the revision the model was built on. */
async function build({ provider }: Cast, init: DevnetInit): Promise<string> {
  const onProgress = (progress: Progress) => init.progress('provider', progress)
  const fetched = await provider.do('fetch', undefined, onProgress)
  init.tell({ step: 'fetched', revision: fetched })
  init.tell({ step: 'served', ...(await provider.do('serve', undefined, onProgress)) })
  return fetched.revision
}

/** Use: questions drawn from the sample by the seed, then those somebody typed. */
async function use(
  { agent }: Cast,
  submitted: Submitted,
  rows: number,
  init: DevnetInit
): Promise<
  Pick<Summary, 'calls' | 'answered' | 'abstained' | 'creditedCorrect'> & { spentWei: bigint }
> {
  init.tell({ step: 'discovered', models: await agent.do('search') })
  const labels = new Map(submitted.contributors.map(({ address, label }) => [address, label]))
  const drafts = sampleContributions({ seed: init.seed, count: CONTRIBUTIONS })
  const drawn = sampleQuestions(
    { seed: init.seed, answerable: ANSWERABLE, unanswerable: UNANSWERABLE },
    drafts
  )
  // Other seeds may have left what this one holds out, and then there is something to answer.
  const isAlone = rows <= submitted.byTitle.size
  const questions = [
    ...drawn.map(({ text, answerable, title }) => ({
      text,
      of: answerable || isAlone ? { answerable, title } : undefined
    })),
    ...init.questions.map((text) => ({ text, of: undefined }))
  ]
  const counts = { calls: 0, answered: 0, abstained: 0, creditedCorrect: 0, spentWei: 0n }
  for (const { text, of } of questions) {
    const answer = await agent.do('ask', { question: text })
    const [top] = answer.receipt.credits
    const rightful = of?.answerable === true ? submitted.byTitle.get(of.title) : undefined
    const isCreditCorrect = rightful !== undefined && top?.contribution === rightful
    counts.calls += 1
    counts.spentWei += answer.receipt.priceWei
    if (answer.receipt.outcome === 'answered') counts.answered += 1
    if (answer.receipt.outcome === 'abstained') counts.abstained += 1
    if (isCreditCorrect) counts.creditedCorrect += 1
    const credited = top?.account === undefined ? undefined : labels.get(top.account)
    init.tell({
      step: 'asked',
      answer,
      ...(credited === undefined ? {} : { credited }),
      ...(of === undefined ? {} : { drawn: { isAnswerable: of.answerable, isCreditCorrect } })
    })
  }
  return counts
}

/** Reward: claim, post, wait out the veto delay, pay everyone, and count what is on chain. */
async function reward(
  { host, contributors, provider, agent }: Cast,
  world: World,
  holders: readonly Holder[],
  { before, spentWei }: { before: ReadonlyMap<string, bigint>; spentWei: bigint },
  init: DevnetInit
): Promise<{ balances: readonly Balance[]; captured: Captured; conserved: boolean }> {
  const { chain, dropDelayS, isKept } = world
  const channels = await agent.do('channels')
  const capturedBefore = await capturedBy(world, channels)
  const { claim, drops } = await provider.do('settle', undefined, (progress) =>
    init.progress('provider', progress)
  )
  init.tell({ step: 'claimed', claim, spentWei })
  init.tell({ step: 'posted', drops, delayS: dropDelayS, isKept })
  const readyAtMs = Math.max(0, ...drops.map(({ claimableAtMs }) => claimableAtMs))
  for (let tries = 0; tries < CLAIM_TRIES && (await chain.nowMs()) < readyAtMs; tries++) {
    init.progress('host', { text: 'veto delay of the drop', done: tries, total: dropDelayS * 4 })
    await wait(250)
  }
  await Promise.all([contributors.do('claim'), host.do('claim'), provider.do('claim')])
  const after = await readBalances(chain, holders)
  const capturedAfter = await capturedBy(world, channels)
  const captured = {
    claimedWei: capturedAfter.claimedWei - capturedBefore.claimedWei,
    royaltyWei: capturedAfter.royaltyWei - capturedBefore.royaltyWei
  }
  const balances = holders.map((holder) => ({
    ...holder,
    beforeWei: before.get(holder.address) ?? 0n,
    afterWei: after.get(holder.address) ?? 0n
  }))
  const conserved = isConserved(balances, captured)
  init.tell({ step: 'paid', balances, isConserved: conserved })
  return { balances, captured, conserved }
}

async function capturedBy(
  { chain }: World,
  channels: readonly ChannelSummary[]
): Promise<Captured> {
  let claimedWei = 0n
  let royaltyWei = 0n
  for (const { channelId } of channels) {
    const state = await chain.escrow.channel(channelId)
    claimedWei += state.claimedWei
    royaltyWei += state.royaltyWei
  }
  return { claimedWei, royaltyWei }
}

async function holdersOf(
  { host, contributors, provider, agent }: Cast,
  submitted: Submitted,
  { network }: World
): Promise<Holder[]> {
  const community = await host.do('accounts')
  const builders = await provider.do('accounts')
  return [
    { label: 'agent', address: agent.account, kind: 'payer' },
    { label: 'provider', address: provider.account, kind: 'operator' },
    ...builders.map((account) => ({ ...account, kind: 'earner' as const })),
    ...submitted.contributors.map(({ label, address }) => ({
      label,
      address,
      kind: 'earner' as const
    })),
    ...community.map((account) => ({ ...account, kind: 'earner' as const })),
    { label: 'escrow', address: network.contracts.escrow, kind: 'escrow' },
    { label: 'pool', address: network.contracts.pool, kind: 'pool' },
    { label: 'host', address: host.account, kind: 'bystander' },
    { label: 'contributors’ peer', address: contributors.account, kind: 'bystander' }
  ]
}
