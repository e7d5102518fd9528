import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { type ReadAdapter, readAdapter } from './adapter-files.ts'

/** An adapter as a card names it. */
export interface NamedAdapter {
  /** CID text. */
  readonly cid: string
  readonly rank: number
  readonly base: string
}

/** Adapters of this peer, each in a folder named by its CID. */
export interface AdapterStore {
  /** Takes the adapter in `folder` in. Refuses as `readAdapter` does. */
  take(folder: string, options: { readonly signal: AbortSignal }): Promise<ReadAdapter>
  /**
   * The folder of an adapter whose files were read again just now. Refuses one that is not here, was
   * changed, or is of another base or rank than named (ADAPTER_REFUSED). specs/06-model.md §Adapter
   */
  check(named: NamedAdapter, options: { readonly signal: AbortSignal }): Promise<string>
}

/** Adapters below `root`. */
export function createAdapterStore({ root }: { readonly root: string }): AdapterStore {
  return {
    async take(folder, options) {
      const read = await readAdapter(folder, options)
      const place = join(root, read.cid.toString())
      const draft = `${place}.draft`
      await mkdir(draft, { recursive: true })
      for (const name of read.files) await copyFile(join(folder, name), join(draft, name))
      await rm(place, { recursive: true, force: true })
      await rename(draft, place)
      // Whoever changes files while they are copied is noticed here.
      const kept = await readAdapter(place, options)
      const [cid, now] = [read.cid.toString(), kept.cid.toString()]
      if (now !== cid) throw bad('changed while it was copied', cid)
      return read
    },

    async check({ cid, rank, base }, options) {
      const folder = join(root, cid)
      const read = await readAdapter(folder, options).catch((error: unknown) => {
        const isMissing =
          error instanceof DatanetError && `${error.details.reason}`.startsWith('neither')
        throw isMissing ? missing(cid, folder) : error
      })
      if (read.cid.toString() !== cid) throw bad('other bytes than the card names', cid)
      if (read.rank !== rank) throw bad('another rank than the card names', cid)
      if (read.base !== undefined && read.base !== base) throw bad('trained on another base', cid)
      return folder
    }
  }
}

function bad(reason: string, cid: string): DatanetError {
  return new DatanetError('ADAPTER_REFUSED', { reason, cid })
}

function missing(cid: string, folder: string): DatanetError {
  const hint = `put its files into ${folder}`
  return new DatanetError('ADAPTER_REFUSED', { reason: 'not here', cid }, { hint })
}
