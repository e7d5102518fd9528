import { posix } from 'node:path'
import type { Module } from './read-module.ts'

// The order of the nouns: each may use those before it.
const NOUNS = ['datanet', 'model', 'channel', 'receipt', 'reward']
// The two doors: all that may pass on what others export.
const DOORS = ['peer/index.ts', 'peer/api/index.ts']
const WORLD = ['chain', 'store', 'wallet', 'content', 'net', 'engines', 'intake']

/** What a room may use. Locals are path prefixes; a package stands for its subpaths as well. */
interface Room {
  readonly path: RegExp
  readonly locals: readonly string[]
  /** Packages beyond these are refused; undefined: any but the bound ones. */
  readonly packages?: readonly string[]
  readonly node?: readonly string[]
}

const PURE_PACKAGES = [
  'multiformats',
  '@ipld/dag-cbor',
  '@noble/curves',
  '@noble/hashes',
  'zod',
  '@libp2p/interface',
  '@libp2p/peer-id',
  '@libp2p/peer-record',
  '@libp2p/crypto'
]
// No disk, no network, no clock: hashing is all that pure rooms need of Node.
const PURE_NODE = ['node:crypto', 'node:buffer', 'node:util']

// The first room whose path fits decides.
const ROOMS: readonly Room[] = [
  {
    path: /^protocol\/base\/secp256k1\.ts$/,
    locals: ['protocol/base/'],
    packages: [...PURE_PACKAGES, 'secp256k1'],
    // The native package is CommonJS and optional: it is loaded by createRequire.
    node: [...PURE_NODE, 'node:module']
  },
  {
    path: /^protocol\/base\/typed-data\.ts$/,
    locals: ['protocol/base/'],
    packages: [...PURE_PACKAGES, 'ethers'],
    node: PURE_NODE
  },
  {
    path: /^protocol\/base\//,
    locals: ['protocol/base/'],
    packages: PURE_PACKAGES,
    node: PURE_NODE
  },
  ...NOUNS.map((noun, index) => ({
    path: new RegExp(`^protocol/${noun}/`),
    locals: ['base', ...NOUNS.slice(0, index + 1)].map((room) => `protocol/${room}/`),
    packages: PURE_PACKAGES,
    node: PURE_NODE
  })),
  {
    path: /^protocol\/net\//,
    locals: ['base', ...NOUNS, 'net'].map((room) => `protocol/${room}/`)
  },
  { path: /^protocol\/contracts\/abi\//, locals: [], packages: [], node: [] },
  { path: /^protocol\/contracts\//, locals: ['protocol/contracts/'] },
  {
    path: /^peer\/api\//,
    locals: ['protocol/', 'peer/api/'],
    packages: ['zod', 'hono', '@hono/node-server']
  },
  // The composition root of the command line: it alone starts a peer, a devnet or another face.
  {
    path: /^peer\/faces\/cli\/(main|starting)\.ts$/,
    locals: [
      'peer/api/',
      'peer/faces/',
      'peer/devnet/',
      'peer/index.ts',
      'peer/config.ts',
      'peer/daemon.ts',
      'peer/deploy-network.ts',
      'peer/doctor.ts',
      'peer/encrypt-keys.ts',
      'peer/version.ts',
      'peer/wallet/passphrase.ts'
    ],
    packages: ['commander', 'zod']
  },
  ...['cli', 'gateway', 'mcp', 'web'].map((face) => ({
    path: new RegExp(`^peer/faces/${face}/`),
    locals: ['peer/api/', `peer/faces/${face}/`],
    packages: ['commander', 'hono', '@hono/node-server', 'zod', 'csv-parse', 'hyparquet-writer']
  })),
  // The other composition roots: whole peers, and a network of them.
  { path: /^peer\/[\w-]+\.ts$/, locals: ['protocol/', 'peer/'] },
  { path: /^peer\/devnet\//, locals: ['protocol/', 'peer/'] },
  // It looks at every part from outside, as no service does.
  { path: /^peer\/doctor\//, locals: ['protocol/', 'peer/'] },
  {
    path: /^peer\/services\//,
    locals: ['protocol/', 'peer/api/', 'peer/services/', ...WORLD.map((room) => `peer/${room}/`)]
  },
  {
    path: /^peer\//,
    locals: ['protocol/', 'peer/api/', ...WORLD.map((room) => `peer/${room}/`)]
  },
  // The composition root of the bot: it alone starts a peer.
  {
    path: /^bot\/main\.ts$/,
    locals: [
      'bot/',
      'peer/api/',
      'peer/index.ts',
      'peer/config.ts',
      'peer/daemon.ts',
      'peer/devnet/faucet.ts'
    ],
    packages: ['discord.js']
  },
  { path: /^bot\//, locals: ['bot/', 'peer/api/'], packages: ['discord.js'] }
]

// Packages and files that only some places may use, whatever their room allows.
const BOUND: readonly { readonly what: RegExp; readonly where: RegExp }[] = [
  { what: /^ethers$/, where: /^(protocol\/base\/typed-data\.ts$|peer\/(chain|wallet)\/)/ },
  { what: /^secp256k1$/, where: /^protocol\/base\/secp256k1\.ts$/ },
  { what: /^gpt-tokenizer$/, where: /^protocol\/model\/price\.ts$/ },
  { what: /^(hono|@hono\/node-server)$/, where: /^peer\/(api|faces)\// },
  { what: /^(discord\.js|@discordjs\/.*)$/, where: /^bot\// },
  { what: /^(commander|csv-parse|hyparquet-writer)$/, where: /^peer\/faces\/cli\// },
  { what: /^eld$/, where: /^peer\/intake\// },
  { what: /^@nomicfoundation\/edr$/, where: /^peer\/chain\/embedded\// },
  { what: /^protocol\/contracts\/abi\//, where: /^peer\/chain\// },
  // Compiling is a task of its own, which nothing that runs depends on.
  { what: /^protocol\/contracts\/[\w-]+\.ts$/, where: /^protocol\/contracts\// }
]

/** Breaches of the import law in `module`, one line each; tests and scripts are outside of it. */
export function importLaw(module: Module): string[] {
  if (!/^(protocol|peer|bot)\//.test(module.path)) return []
  const room = ROOMS.find(({ path }) => path.test(module.path))
  if (room === undefined) return [`${module.path}: no room of the house`]
  return module.imports.flatMap(({ specifier, line, reexport }) => {
    const where = `${module.path}:${line}`
    const breaches: string[] = []
    if (reexport && !DOORS.includes(module.path)) {
      breaches.push(`${where}: passes on ${specifier}, and only the two doors are barrels`)
    }
    const target = targetOf(module.path, specifier)
    if (!mayUse(module.path, room, target)) breaches.push(`${where}: may not import ${target}`)
    return breaches
  })
}

function mayUse(path: string, room: Room, target: string): boolean {
  const bound = BOUND.find(({ what }) => what.test(target))
  if (bound !== undefined && !bound.where.test(path)) return false
  if (target.startsWith('node:')) return room.node === undefined || room.node.includes(target)
  if (target.includes('/') && /^(protocol|peer|bot|test|specs)\//.test(target)) {
    return room.locals.some((prefix) => target.startsWith(prefix))
  }
  return bound !== undefined || room.packages === undefined || room.packages.includes(target)
}

/** The file or package that `specifier` means: a path from the root, `node:…`, or a package name. */
function targetOf(path: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier)
  if (specifier.startsWith('node:')) return specifier
  const parts = specifier.split('/')
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}
