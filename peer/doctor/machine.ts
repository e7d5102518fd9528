import { existsSync, mkdtempSync, readFileSync, rmdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Finding, fine, warning, wrong } from './finding.ts'

/** Free bytes below which a peer stops keeping what it must, and below which it soon may. */
export const FREE_BYTES = { least: 200_000_000, comfortable: 2_000_000_000 } as const

const LEAST_NODE = 24
/** Files that hold keys or tokens. */
const SECRET_FILES = ['peer.db', 'peer.db-wal', 'peer.db-shm', 'api.json', 'config.json']

/** Whether Node, of this `version`, can run a peer. */
export function checkNode(version: string): Finding {
  const major = Number(/^v?(\d+)\./.exec(version)?.[1])
  if (major >= LEAST_NODE) return fine('node', version)
  return wrong(
    'node',
    `${version} is too old: a peer needs Node ${LEAST_NODE}`,
    'start it with npx datanet, which brings its own Node'
  )
}

/** Whether `dataDir` is a folder of its owner alone, and can be written, or made. */
export function checkDataDir(dataDir: string): Finding {
  const dir = resolve(dataDir)
  if (!existsSync(dir)) {
    const parent = existing(dir)
    return isWritable(parent)
      ? fine('data', `${dir} is made at the first start`)
      : wrong('data', `${dir} cannot be made in ${parent}`, 'choose another with --data-dir')
  }
  if (!statSync(dir).isDirectory()) {
    return wrong('data', `${dir} is no folder`, 'choose another with --data-dir')
  }
  if (!isWritable(dir)) {
    return wrong('data', `${dir} cannot be written`, 'give it to the user that runs the peer')
  }
  // Windows keeps no such bits: there the folder's rights decide.
  if (process.platform === 'win32') return fine('data', dir)
  const open = SECRET_FILES.filter((name) => isOpenSecret(join(dir, name)))
  if (open.length > 0) {
    const files = open.map((name) => join(dir, name)).join(' ')
    return wrong('data', `others can read ${files}`, `chmod 600 ${files}`)
  }
  if ((statSync(dir).mode & 0o077) !== 0) {
    return warning('data', `others can look into ${dir}`, `chmod 700 ${dir}`)
  }
  return fine('data', dir)
}

/** Whether the disk below `dataDir` has room. */
export function checkDisk(dataDir: string): Finding {
  const dir = existing(resolve(dataDir))
  const { bavail, bsize } = statfsSync(dir)
  const freeBytes = bavail * bsize
  const text = `${gigabytes(freeBytes)} free below ${dir}`
  const todo = `free some, or move the data: ${gigabytes(FREE_BYTES.comfortable)} are comfortable`
  if (freeBytes < FREE_BYTES.least) return wrong('disk', text, todo)
  return freeBytes < FREE_BYTES.comfortable ? warning('disk', text, todo) : fine('disk', text)
}

/** Of config.json only where it holds a token: the rest of it is no secret. */
function isOpenSecret(path: string): boolean {
  if (!existsSync(path) || (statSync(path).mode & 0o077) === 0) return false
  return !path.endsWith('config.json') || /"(tokens|gatewayToken)"/.test(readFileSync(path, 'utf8'))
}

function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path))
}

/** By trying: an administrator may write by every rule, and cannot where the disk is read-only. */
function isWritable(path: string): boolean {
  try {
    rmdirSync(mkdtempSync(join(path, '.doctor-')))
    return true
  } catch {
    return false
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
