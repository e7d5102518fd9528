// Sources planted here hold placeholders of their own.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is tested
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  documentedExports,
  environmentInConfig,
  fewExports,
  pureNouns,
  shortFiles
} from './house/file-rules.ts'
import { importLaw } from './house/import-law.ts'
import { type Module, readModule } from './house/read-module.ts'

const root = join(import.meta.dirname, '..')
const ROOMS = ['protocol', 'peer', 'bot', 'test', 'specs']
const modules = ROOMS.flatMap((room) => filesOf(room))
  .filter((path) => /\.(ts|js|mjs)$/.test(path) && !/\/stubs\//.test(path))
  .map((path) => readModule(path, readFileSync(join(root, path), 'utf8')))

function filesOf(folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !path.includes('node_modules'))
}

type Rule = (module: Module) => string[]
const breaches = (rule: Rule) => modules.flatMap(rule)
const planted = (rule: Rule, path: string, source: string) => rule(readModule(path, source))

test('the house is looked at', () => {
  expect(modules.length).toBeGreaterThan(100)
  expect(modules.flatMap(({ imports }) => imports).length).toBeGreaterThan(500)
  expect(modules.flatMap(({ exports }) => exports).length).toBeGreaterThan(200)
})

test('every import keeps the law', () => {
  expect(breaches(importLaw)).toEqual([])
})

test.each([
  ['protocol/base/codec.ts', `import { Wallet } from 'ethers'`],
  ['protocol/base/codec.ts', `import secp from 'secp256k1'`],
  ['protocol/base/codec.ts', `import { readFileSync } from 'node:fs'`],
  ['protocol/base/codec.ts', `import { x } from '../datanet/manifest.ts'`],
  ['protocol/base/codec.ts', `import { chunk } from 'lodash'`],
  ['protocol/base/codec.ts', `const it = createRequire(import.meta.url)('secp256k1')`],
  ['protocol/base/secp256k1.ts', `const it = require('ethers')`],
  ['protocol/datanet/manifest.ts', `import type { Card } from '../model/card.ts'`],
  ['protocol/datanet/manifest.ts', `import { x } from '../net/ids.ts'`],
  ['protocol/model/offer.ts', `import { x } from '../channel/terms.ts'`],
  ['protocol/model/card.ts', `import { encode } from 'gpt-tokenizer/encoding/o200k_base'`],
  ['protocol/receipt/receipt.ts', `export type A = import('../reward/fold.ts').Fold`],
  ['protocol/reward/fold.ts', `import { createNode } from '../../peer/net/node.ts'`],
  ['protocol/net/invoke.ts', `const a = await import('../../bot/main.ts')`],
  ['protocol/net/invoke.ts', `import { Contract } from 'ethers'`],
  ['protocol/net/invoke.ts', `import { RewardPool } from '../contracts/abi/RewardPool.ts'`],
  [
    'peer/services/reward/rewards.ts',
    `import { RewardPool } from '../../protocol/contracts/abi/RewardPool.ts'`
  ],
  ['peer/services/reward/rewards.ts', `import { Wallet } from 'ethers'`],
  [
    'peer/services/reward/rewards.ts',
    `import { createGateway } from '../../faces/gateway/gateway.ts'`
  ],
  ['peer/services/reward/rewards.ts', `import { Hono } from 'hono'`],
  ['peer/store/models.ts', `import { createModels } from '../services/model/models.ts'`],
  ['peer/api/server.ts', `import { createModels } from '../services/model/models.ts'`],
  ['peer/faces/gateway/routes.ts', `import { LIMITS } from '../../../protocol/base/limits.ts'`],
  ['peer/faces/gateway/routes.ts', `import { createPeer } from '../../index.ts'`],
  ['peer/faces/gateway/routes.ts', `import { render } from '../cli/render.ts'`],
  ['peer/faces/cli/ask.ts', `import { createPeer } from '../../index.ts'`],
  ['peer/faces/cli/ask.ts', `import { createLibp2p } from 'libp2p'`],
  ['peer/faces/mcp/server.ts', `import { Client } from 'discord.js'`],
  ['peer/peer.ts', `import { Client } from 'discord.js'`],
  ['bot/commands/ask.ts', `import { createPeer } from '../../peer/index.ts'`],
  ['bot/commands/ask.ts', `import { startDaemon } from '../../peer/daemon.ts'`],
  ['bot/config.ts', `import { loadConfig } from '../peer/config.ts'`],
  ['bot/main.ts', `import { createModels } from '../peer/services/model/models.ts'`],
  ['bot/main.ts', `import { ERRORS } from '../protocol/base/errors.ts'`],
  ['bot/discord/client.ts', `import pino from 'pino'`],
  ['bot/render/answer.ts', `import { ERRORS } from '../../protocol/base/errors.ts'`],
  ['bot/commands/ask.ts', `import { ERRORS } from '../../protocol/base/errors.ts'`],
  ['bot/commands/ask.ts', `import { createModels } from '../../peer/services/model/models.ts'`],
  ['peer/services/model/index.ts', `export { createModels } from './models.ts'`],
  ['peer/services/model/index.ts', `export * from './models.ts'`],
  ['protocol/attic/old.ts', `import { z } from 'zod'`]
])('refuses in %s: %s', (path, source) => {
  expect(planted(importLaw, path, source)).toHaveLength(1)
})

test.each([
  ['protocol/base/typed-data.ts', `import { TypedDataEncoder } from 'ethers'`],
  ['protocol/base/secp256k1.ts', `const it = createRequire(import.meta.url)('secp256k1')`],
  ['protocol/reward/fold.ts', `import { x } from '../receipt/receipt.ts'`],
  ['protocol/net/invoke.ts', `import { createLibp2p } from 'libp2p'`],
  [
    'peer/chain/ethers/pool.ts',
    `import { A } from '../../../protocol/contracts/abi/RewardPool.ts'`
  ],
  ['peer/faces/cli/main.ts', `import { runDevnet } from '../../devnet/run.ts'`],
  ['peer/index.ts', `export { createPeer } from './peer.ts'`],
  ['bot/main.ts', `import { createPeer } from '../peer/index.ts'`],
  ['protocol/base/codec.ts', `// import { Wallet } from 'ethers'`],
  ['protocol/base/codec.ts', "const text = `import { Wallet } from 'ethers'`"]
])('allows in %s: %s', (path, source) => {
  expect(planted(importLaw, path, source)).toEqual([])
})

test('nothing in the pure rooms reads a clock or draws at random', () => {
  expect(breaches(pureNouns)).toEqual([])
  for (const source of [
    'const a = Date.now()',
    'const a = new Date()',
    'const a = new Date',
    'const a = performance.now()',
    'setTimeout(f, 1)',
    'const a = Math.random()',
    `import { randomBytes } from 'node:crypto'`,
    'crypto.getRandomValues(a)'
  ]) {
    expect(planted(pureNouns, 'protocol/channel/terms.ts', source), source).toHaveLength(1)
    expect(planted(pureNouns, 'peer/services/model/models.ts', source), source).toEqual([])
  }
  const harmless = `// Date.now()\nconst a = new Date(nowMs)\nconst b = 'Math.random()'`
  expect(planted(pureNouns, 'protocol/channel/terms.ts', harmless)).toEqual([])
})

test('no hand-written file is longer than 400 lines', () => {
  const contracts = [...filesOf('protocol/contracts'), ...filesOf('test/contracts')]
  const solidity = contracts.filter((path) => path.endsWith('.sol'))
  const written = solidity.map((path) => ({
    path,
    source: readFileSync(join(root, path), 'utf8')
  }))
  expect([...modules, ...written].flatMap(shortFiles)).toEqual([])
  expect(planted(shortFiles, 'peer/long.ts', 'x\n'.repeat(401))).toHaveLength(1)
  expect(planted(shortFiles, 'peer/long.ts', 'x\n'.repeat(400))).toEqual([])
  expect(planted(shortFiles, 'protocol/contracts/abi/A.ts', 'x\n'.repeat(401))).toEqual([])
})

test('every export of protocol/ and of the API says what it guarantees', () => {
  expect(breaches(documentedExports)).toEqual([])
  for (const source of [
    'export function f() {}',
    'export async function f() {}',
    'export const f = 1',
    'export class F {}',
    'export interface F {}',
    'export type F = string',
    '/* no doc comment */\nexport const f = 1',
    '/** too far away */\n\nexport const f = 1',
    '/** of another */\nconst g = 1\nexport const f = 1',
    '/** */\nexport const f = 1'
  ]) {
    expect(planted(documentedExports, 'protocol/net/ids.ts', source), source).toHaveLength(1)
    expect(planted(documentedExports, 'peer/net/ids.ts', source), source).toEqual([])
  }
  for (const source of [
    '/** The f. */\nexport const f = 1',
    '/** The f. */\n// biome-ignore lint/a: why\nexport const f = 1',
    'export type F = z.output<typeof schema>',
    '/** The f. */\nexport function f(a: 1): 1\nexport function f(a: 2): 2\nexport function f() {}'
  ]) {
    expect(planted(documentedExports, 'protocol/net/ids.ts', source), source).toEqual([])
  }
})

test('no file exports more than five values, by default, or in a list', () => {
  expect(breaches(fewExports)).toEqual([])
  const six = [1, 2, 3, 4, 5, 6].map((n) => `export const a${n} = ${n}\n`).join('')
  expect(planted(fewExports, 'peer/net/ids.ts', six)).toHaveLength(1)
  expect(
    planted(fewExports, 'peer/net/ids.ts', six.replace('export const a6', 'const a6'))
  ).toEqual([])
  expect(planted(fewExports, 'peer/net/ids.ts', 'export default 1')).toHaveLength(1)
  expect(planted(fewExports, 'peer/net/ids.ts', 'const a = 1\nexport { a }')).toHaveLength(1)
})

test('only config reads the environment', () => {
  expect(breaches(environmentInConfig)).toEqual([])
  for (const source of [
    'const a = process.env.HOME',
    'const { env } = process',
    `const a = process['env']`,
    `import { env } from 'node:process'`,
    'const a = `in ${process.env.HOME}`'
  ]) {
    expect(planted(environmentInConfig, 'peer/net/node.ts', source), source).toHaveLength(1)
    expect(planted(environmentInConfig, 'peer/config.ts', source), source).toEqual([])
  }
  expect(planted(environmentInConfig, 'peer/net/node.ts', '// process.env')).toEqual([])
})

test('the reader is not led astray by strings, comments, templates and patterns', () => {
  const source = [
    'const a = /[/\'"`]/.test(b) ? `x${ { c: `y${d}` }.c }\' // ` : "/*"',
    `/* import 'never' */ import { e } from './real.ts'`,
    `const f = a / b / c // '`,
    `export type { G } from "./again.ts"`,
    `import './effect.ts'`
  ].join('\n')
  const { imports, exports } = readModule('peer/a.ts', source)
  expect(imports).toEqual([
    { specifier: './real.ts', line: 2, reexport: false },
    { specifier: './again.ts', line: 4, reexport: true },
    { specifier: './effect.ts', line: 5, reexport: false }
  ])
  expect(exports).toEqual([])
})
