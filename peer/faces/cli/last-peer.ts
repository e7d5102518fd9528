import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** So that commands find a peer that runs in another folder than the usual one. */
const folder = () => join(homedir(), '.datanet')
const file = () => join(folder(), 'last-peer')

/** Remembers the data directory of the peer that was started last; a home that is read-only is no matter. */
export function rememberPeer(dataDir: string): void {
  try {
    mkdirSync(folder(), { recursive: true, mode: 0o700 })
    writeFileSync(file(), `${dataDir}\n`, { mode: 0o600 })
  } catch {
    // Then commands are told with --data-dir.
  }
}

/** The data directory of the peer that was started last, if one was. */
export function lastPeer(): string | undefined {
  try {
    return readFileSync(file(), 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}
