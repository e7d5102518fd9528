import { createHash } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { TextFile } from './texts.ts'

const FILE = 'handed-in.json'

/** By Datanet and account, then by path, the versions of a file that were handed in. */
const schema = z.record(z.string(), z.record(z.string(), z.array(z.string())))

/** Which files of this machine were handed in to a Datanet for an account, and as which text. */
export interface HandedIn {
  /** Whether an older text of this file stands in the Datanet, and this one does not. */
  isChanged(file: TextFile): boolean
  /** Keeps that this text of the file stands there. */
  remember(file: TextFile): void
}

/**
 * What is remembered in `dataDir`; nothing without one. What cannot be read counts as nothing, and what
 * cannot be written is forgotten: it only ever serves a warning.
 */
export function openHandedIn(
  dataDir: string | undefined,
  { datanet, account }: { readonly datanet: string; readonly account: string }
): HandedIn {
  const path = dataDir === undefined ? undefined : join(dataDir, FILE)
  const all = path === undefined ? {} : read(path)
  const key = `${datanet} ${account}`
  const own = all[key] ?? {}
  return {
    isChanged(file) {
      const versions = own[resolve(file.file)]
      return versions !== undefined && !versions.includes(versionOf(file))
    },
    remember(file) {
      const versions = own[resolve(file.file)] ?? []
      if (versions.includes(versionOf(file))) return
      own[resolve(file.file)] = [...versions, versionOf(file)]
      if (path !== undefined) write(path, { ...all, [key]: own })
    }
  }
}

function versionOf({ title, text }: TextFile): string {
  return createHash('sha256')
    .update(JSON.stringify([title, text]))
    .digest('hex')
    .slice(0, 32)
}

function read(path: string): z.output<typeof schema> {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return {}
  }
}

function write(path: string, content: z.output<typeof schema>): void {
  try {
    writeFileSync(`${path}.new`, JSON.stringify(content), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  } catch {
    // Then a later change is not noticed.
  }
}
