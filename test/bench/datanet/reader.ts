import type { Peer } from '../../../peer/peer.ts'

/** How a revision came. */
export interface Read {
  readonly rows: number
  readonly verified: number
  readonly blocks: number
  readonly bitswap: number
  /** From the first block to the last, in which each was checked and stored. */
  readonly transferMs: number
  readonly transferCpuMs: number
}

/** A peer that takes a Datanet from its host and checks all of it. */
export function createReader(peer: Peer, progress: (done: number, total: number) => void) {
  const { api } = peer
  return {
    async read({ topic }: { topic: string }): Promise<Read> {
      const [found] = await api.datanets.find({ topic, waitMs: 30_000 })
      const id = found?.id as string
      let verified = 0
      let from = { ms: 0, cpuMs: 0 }
      let until = from
      const now = () => {
        const { user, system } = process.cpuUsage()
        return { ms: performance.now(), cpuMs: (user + system) / 1_000 }
      }
      const { rows, blocks } = await api.datanets.fetch(id, {
        onProgress({ text, done, total }) {
          progress(done, total)
          if (text === 'rows verified') verified = done
          if (text !== 'fetching the revision') return
          if (done === 0) from = now()
          else until = now()
        }
      })
      return {
        ...{ rows, verified, blocks: blocks.bulk + blocks.bitswap, bitswap: blocks.bitswap },
        transferMs: until.ms - from.ms,
        transferCpuMs: until.cpuMs - from.cpuMs
      }
    },

    /** Asks for proofs that the revision holds contributions; each is verified as it comes. */
    async prove({ datanet, contributions }: { datanet: string; contributions: string[] }) {
      for (const contribution of contributions)
        await api.datanets.inclusion({ datanet, contribution })
      return contributions.length
    }
  }
}
