import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { refusal } from './problem.ts'

const daemonFileSchema = z.object({
  url: z.url(),
  token: z.string(),
  pid: z.int(),
  gateway: z.exactOptional(z.object({ url: z.url(), token: z.string() }))
})

/** What a daemon says of itself in its data directory, readable by its owner alone. */
export type DaemonFile = z.output<typeof daemonFileSchema>

/** Its name in the data directory. */
export const DAEMON_FILE = 'api.json'

/**
 * Where the daemon of `dataDir` answers. Refuses PEER_UNREACHABLE when none wrote so; one that was
 * killed may have left its file, and then nobody answers there.
 */
export function readDaemonFile(dataDir: string): DaemonFile {
  try {
    return daemonFileSchema.parse(JSON.parse(readFileSync(join(dataDir, DAEMON_FILE), 'utf8')))
  } catch (cause) {
    throw refusal(
      'PEER_UNREACHABLE',
      { dataDir },
      { cause, hint: `no peer runs on ${dataDir}: start one with datanet peer start` }
    )
  }
}
