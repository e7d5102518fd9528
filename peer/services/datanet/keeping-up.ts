import { isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import { pause } from '../../../protocol/net/waiting.ts'
import type { Parts } from '../parts.ts'
import type { KnownDatanet, KnownDatanets } from './known-datanets.ts'
import type { Manifests } from './manifests.ts'
import type { ProposalSettling } from './proposal-settling.ts'
import type { Proposals } from './proposals.ts'

/** How often a peer looks for what others decided, and how soon after its start. */
export interface KeepingUpInit {
  /** A minute unless given. */
  readonly everyMs?: number
  /** Five seconds unless given: who starts has other things to do first. */
  readonly firstMs?: number
}

const EVERY_MS = 60_000
const FIRST_MS = 5_000

/** Follows what is decided about the Datanets that this peer knows. */
export interface KeepingUp {
  run(): void
  /** Does now what else happens by and by: for one Datanet, as after something was decided here. */
  after(id: string): Promise<void>
  stop(): Promise<void>
}

/**
 * Reads later manifests, gathers approvals where this peer decides with others, and sees to what they
 * suffice for as its time comes. `takeUp` is called when this peer becomes the intake host of one.
 */
export function createKeepingUp(
  parts: Pick<Parts, 'now' | 'log'>,
  services: {
    readonly datanets: KnownDatanets
    readonly manifests: Manifests
    readonly proposals: Proposals
    readonly settling: ProposalSettling
    readonly takeUp: (datanet: KnownDatanet, options: { signal: AbortSignal }) => Promise<void>
  },
  { everyMs = EVERY_MS, firstMs = FIRST_MS }: KeepingUpInit = {}
): KeepingUp {
  const { now, log } = parts
  const { datanets, manifests, proposals, settling, takeUp } = services
  const stopping = new AbortController()
  const { signal } = stopping
  const hosted = new Set(datanets.all().flatMap((one) => (one.hosted ? [one.id.toString()] : [])))
  let running: Promise<void> | undefined

  async function after(id: string): Promise<void> {
    const datanet = datanets.known(id)
    if (!datanet.hosted) hosted.delete(id)
    if (!datanet.hosted || hosted.has(id)) return
    hosted.add(id)
    // Who founded it took in whatever there is.
    if (datanet.history.length === 1) return
    try {
      await takeUp(datanet, { signal })
    } catch (error) {
      hosted.delete(id)
      throw error
    }
    log('manifest', { datanet: id, hosts: true })
  }

  async function follow({ id: cid }: KnownDatanet): Promise<void> {
    const id = cid.toString()
    try {
      const datanet = await manifests.catchUp(id, { signal })
      if (datanet.hosted || proposals.ownCurators(datanet).length > 0) {
        await proposals.sync(id, { signal })
        await settling.settle(id, { signal })
      }
      await after(id)
    } catch (error) {
      if (isAbort(error)) return
      log('manifest', { datanet: id, error: isDatanetError(error) ? error.code : 'INTERNAL' })
    }
  }

  /** Until the next round, or until a manifest that is announced comes into force. */
  function untilNext(): number {
    const due = datanets
      .all()
      .flatMap(({ next }) => (next === undefined ? [] : [next.manifest.effectiveAtMs - now()]))
      .filter((ms) => ms > 0)
    return Math.min(everyMs, ...due)
  }

  async function loop(): Promise<void> {
    let waitMs = firstMs
    while (!signal.aborted) {
      await pause(waitMs, signal)
      for (const datanet of datanets.all()) await follow(datanet)
      waitMs = untilNext()
    }
  }

  return {
    after,
    run() {
      running ??= loop().catch((error) => {
        if (!isAbort(error)) log('manifest', { error: String(error) })
      })
    },
    async stop() {
      stopping.abort()
      await running
    }
  }
}
