import { join } from 'node:path'
import { DatanetError, isDatanetError } from '../../protocol/base/errors.ts'
import { createPeer, type Peer } from '../peer.ts'
import { askFaucet } from './faucet.ts'
import type { FromChild, ToChild } from './messages.ts'
import { agentRole } from './roles/agent.ts'
import { contributorsRole } from './roles/contributors.ts'
import { hostRole } from './roles/host.ts'
import { providerRole } from './roles/provider.ts'
import type { Role, Scene } from './roles/role.ts'

/**
 * One participant of the devnet, in a process of its own: a peer with its own keys and store, told
 * over the process channel what to do and nothing else. Ends with the process that started it.
 */
const ROLES: Readonly<Record<string, Role>> = {
  host: hostRole,
  contributors: contributorsRole,
  provider: providerRole,
  agent: agentRole
}

const DNC = 10n ** 18n
/** What a participant may spend by itself: 1 token a call, a twentieth of it in advance. */
const LIMITS = { maxCallWei: DNC, prepayWei: DNC / 20n, depositWei: 5n * DNC }

/** How long it may take to put its things in order. */
const STOP_MS = 5_000

const stopping = new AbortController()
let peer: Peer | undefined
let role: Role = {}
let init: Extract<ToChild, { start: unknown }>['start'] | undefined
const extras: Array<() => Promise<void>> = []

function tell(message: FromChild): void {
  if (process.connected) process.send?.(message)
}

async function start(given: Extract<ToChild, { start: unknown }>['start']): Promise<unknown> {
  init = given
  role = ROLES[given.role] ?? {}
  peer = await createPeer({
    dataDir: given.dataDir,
    bootstrap: given.network.bootstrap,
    rpcUrl: given.network.rpcUrl,
    contracts: given.network.contracts,
    limits: LIMITS
  })
  await askFaucet(given.network.rpcUrl, peer.account)
  return { peerId: peer.peerId, account: peer.account, addresses: peer.addresses }
}

/** Opens the OpenAI-compatible endpoint over this participant's own peer. */
async function openGateway(api: Peer['api'], dataDir: string): Promise<unknown> {
  const { createGateway } = await import('../faces/gateway/gateway.ts')
  const { loadToken } = await import('./token.ts')
  const token = loadToken(join(dataDir, 'token'))
  const gateway = await createGateway({ api, token, capWei: 10n * DNC, maxCallWei: DNC / 10n })
  extras.push(() => gateway.stop())
  return { url: gateway.url, token }
}

async function run(id: number, action: string, args: unknown): Promise<unknown> {
  if (peer === undefined || init === undefined) throw new DatanetError('INTERNAL')
  if (action === 'gateway') return openGateway(peer.api, init.dataDir)
  const act = role[action]
  if (act === undefined) throw new DatanetError('INPUT_INVALID', { action })
  const scene: Scene = {
    peer,
    network: init.network,
    dataDir: init.dataDir,
    signal: stopping.signal,
    progress: (progress) => tell({ id, progress })
  }
  return act(scene, args)
}

async function stop(): Promise<void> {
  if (stopping.signal.aborted) return
  // Whoever started this may be gone already, and nobody else would end it.
  setTimeout(() => process.exit(1), STOP_MS).unref()
  stopping.abort()
  for (const end of extras.splice(0)) await end()
  await peer?.stop()
  process.exit(0)
}

process.on('message', (message: ToChild) => {
  if ('stop' in message) return void stop()
  const work = 'start' in message ? start(message.start) : run(message.id, message.do, message.args)
  work.then(
    (value) => tell({ id: message.id, value }),
    (error: unknown) => {
      const known = isDatanetError(error) ? error : undefined
      tell({
        id: message.id,
        error: {
          code: known?.code ?? 'INTERNAL',
          message: error instanceof Error ? error.message : String(error),
          details: known?.details ?? {}
        }
      })
    }
  )
})
// Ctrl-C and a closed terminal reach the whole group; the parent decides when its participants end.
process.on('SIGINT', () => {})
process.on('SIGHUP', () => {})
process.on('SIGTERM', () => void stop())
process.on('disconnect', () => void stop())
