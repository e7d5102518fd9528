import { setTimeout as sleep } from 'node:timers/promises'
import { connectPeer } from '../../api/client.ts'
import type { DaemonFile } from '../../api/daemon-file.ts'
import { refusal } from '../../api/problem.ts'

/** A daemon has five seconds to stop. */
const GONE_MS = 10_000
const LOOK_MS = 25

/**
 * Tells the daemon behind `file` to stop and resolves when its process is gone. Refuses one that does
 * not answer (PEER_UNREACHABLE), since its pid may be another's by now, and one that does not end
 * (PEER_SILENT).
 */
export async function stopDaemon(
  file: DaemonFile,
  options: { readonly signal: AbortSignal }
): Promise<void> {
  await connectPeer(file).status(options)
  process.kill(file.pid, 'SIGTERM')
  const untilMs = performance.now() + GONE_MS
  while (isAlive(file.pid)) {
    if (performance.now() > untilMs) {
      const hint = `process ${file.pid} was told to stop and is still there: kill -9 ${file.pid}`
      throw refusal('PEER_SILENT', { pid: file.pid }, { hint })
    }
    await sleep(LOOK_MS, undefined, options)
  }
}

/** Whether a process of this user has `pid`. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
