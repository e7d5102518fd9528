import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { multiaddr } from '@multiformats/multiaddr'
import { connectPeer } from '../api/client.ts'
import { type DaemonFile, readDaemonFile } from '../api/daemon-file.ts'
import type { PeerStatus } from '../api/peer-api.ts'
import type { Config } from '../config.ts'
import { lockDataDir } from '../daemon-lock.ts'
import { isPortFree } from '../net/port.ts'
import { type Finding, fine, warning, wrong } from './finding.ts'

/** A daemon that answered. */
export interface Running {
  readonly file: DaemonFile
  readonly status: PeerStatus
}

const ANSWER_MS = 3_000

/** Whether a daemon holds `dataDir`, and whether it answers. */
export async function checkDaemon(
  dataDir: string
): Promise<{ readonly finding: Finding; readonly running?: Running }> {
  const file = daemonFile(dataDir)
  const isHeld = isLocked(dataDir)
  if (!isHeld && file === undefined) return { finding: fine('daemon', 'none runs') }
  if (!isHeld) {
    const text = 'none runs; one that was killed left its api.json'
    return { finding: warning('daemon', text, 'nothing: the next start replaces it') }
  }
  try {
    if (file === undefined) throw new Error('no api.json')
    const status = await connectPeer(file).status({ signal: AbortSignal.timeout(ANSWER_MS) })
    const finding = fine('daemon', `runs as process ${file.pid} at ${file.url}`)
    return { finding, running: { file, status } }
  } catch {
    const who = file === undefined ? 'a process' : `process ${file.pid}`
    const text = `${who} holds ${dataDir} and does not answer`
    const todo = 'wait if it is only starting; else read its log, end it, and start it again'
    return { finding: wrong('daemon', text, todo) }
  }
}

/** Whether the ports that were chosen can be taken, or are by the daemon that runs. */
export async function checkPorts(config: Config, running: Running | undefined): Promise<Finding> {
  const chosen = portsOf(config)
  if (chosen.length === 0) return fine('ports', 'none is fixed: free ones are taken')
  const taken: string[] = []
  for (const { key, port, host } of chosen) {
    if (running === undefined && !(await isPortFree(port, host))) taken.push(`${key} ${port}`)
  }
  const all = chosen.map(({ key, port }) => `${key} ${port}`).join(', ')
  if (taken.length === 0) {
    return fine('ports', running === undefined ? `${all}: free` : `${all}: of the running peer`)
  }
  return wrong(
    'ports',
    `${taken.join(', ')}: taken by another program, or not to be had`,
    'choose another port, or 0 for any'
  )
}

/** How the keys of `dataDir` stand on the disk, and the peer's own account. */
export function readKeys(dataDir: string): {
  readonly finding: Finding
  readonly account?: string
} {
  const path = join(dataDir, 'peer.db')
  if (!existsSync(path)) return { finding: fine('keys', 'made at the first start') }
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 1_000 })
    try {
      const has = (table: string) =>
        db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table)
      const isEncrypted =
        has('keystore') !== undefined && db.prepare('SELECT 1 FROM keystore').get() !== undefined
      const own = db.prepare("SELECT address FROM account WHERE label = 'own'").get()
      const finding = isEncrypted
        ? fine('keys', 'encrypted under a passphrase')
        : warning(
            'keys',
            'not encrypted: whoever copies the data directory has them',
            'datanet account encrypt'
          )
      return own === undefined ? { finding } : { finding, account: String(own.address) }
    } finally {
      db.close()
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return {
      finding: wrong('keys', `${path} cannot be read: ${why}`, 'restore it from a backup')
    }
  }
}

function portsOf(config: Config): Array<{ key: string; port: number; host: string }> {
  const listen = (config.listen ?? []).flatMap((text) => {
    const parts = multiaddr(text).getComponents()
    const port = Number(parts.find(({ name }) => name === 'tcp')?.value ?? 0)
    return [{ key: 'listen', port, host: parts[0]?.value ?? '127.0.0.1' }]
  })
  const host = '127.0.0.1'
  return [
    { key: 'apiPort', port: config.apiPort, host },
    { key: 'gatewayPort', port: config.gateway ? config.gatewayPort : 0, host },
    { key: 'chainPort', port: config.chain === undefined ? 0 : config.chainPort, host },
    ...listen
  ].filter(({ port }) => port > 0)
}

function daemonFile(dataDir: string): DaemonFile | undefined {
  try {
    return readDaemonFile(dataDir)
  } catch {
    return undefined
  }
}

function isLocked(dataDir: string): boolean {
  if (!existsSync(join(dataDir, 'daemon.lock'))) return false
  try {
    lockDataDir(dataDir).release()
    return false
  } catch {
    return true
  }
}
