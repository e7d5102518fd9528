import type { Module } from './read-module.ts'

const MAX_LINES = 400
const MAX_VALUES = 5
const PURE = /^protocol\/(base|datanet|model|channel|receipt|reward)\//
const GENERATED = /^(protocol\/contracts\/abi|specs\/vectors)\//

// Families of functions that are read together; each may shrink but not grow.
const LARGER: Readonly<Record<string, number>> = {
  'protocol/base/codec.ts': 10,
  'protocol/base/secp256k1.ts': 6,
  'protocol/base/typed-data.ts': 6,
  'protocol/channel/payer-ledger.ts': 7,
  'protocol/channel/provider-ledger.ts': 9,
  'protocol/channel/terms.ts': 6,
  'protocol/datanet/contribution.ts': 6,
  'protocol/datanet/revision.ts': 10,
  'protocol/net/invoke.ts': 7
}

// Time and chance are parameters: the same records must give the same verdict anywhere.
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\s*\.\s*now\b/, 'Date.now'],
  [/\bnew\s+Date\s*(\(\s*\)|(?!\s*\())/, 'new Date()'],
  [/\bperformance\s*\.\s*now\b|\bhrtime\b/, 'a clock'],
  [/\bset(Timeout|Interval|Immediate)\b/, 'a timer'],
  [/\bMath\s*\.\s*random\b/, 'Math.random'],
  [/\b(randomBytes|randomInt|randomUUID|getRandomValues|generateKeyPair\w*)\b/, 'randomness']
]

/** The clocks, timers and randomness that a pure room of `protocol/` uses. */
export function pureNouns({ path, code }: Module): string[] {
  if (!PURE.test(path)) return []
  return IMPURE.flatMap(([pattern, name]) =>
    pattern.test(code) ? [`${path}: uses ${name}; take it as a parameter`] : []
  )
}

/** A hand-written file that is too long to be read at once. */
export function shortFiles({ path, source }: Pick<Module, 'path' | 'source'>): string[] {
  if (GENERATED.test(path)) return []
  const lines = source.replace(/\n$/, '').split('\n').length
  return lines > MAX_LINES ? [`${path}: ${lines} lines, more than ${MAX_LINES}`] : []
}

/**
 * Exports of `protocol/` and `peer/api/` without a doc comment directly above. Types derived from a
 * schema are documented there; the plain data types of `peer/api/` by the API that returns them.
 */
export function documentedExports({ path, exports }: Module): string[] {
  const protocol = /^protocol\//.test(path) && !GENERATED.test(path)
  const api = /^peer\/api\//.test(path)
  if (!protocol && !api) return []
  return exports
    .filter(({ documented, derived }) => !documented && !derived)
    .filter(({ kind }) => protocol || (kind !== 'interface' && kind !== 'type'))
    .filter(({ kind }) => kind !== 'list')
    .map(({ name, line }) => `${path}:${line}: ${name} has no doc comment`)
}

/** Default exports, lists of exports, and more values than one file should offer. */
export function fewExports({ path, exports }: Module): string[] {
  if (GENERATED.test(path) || !/^(protocol|peer|bot)\//.test(path)) return []
  const breaches: string[] = []
  for (const { kind, line } of exports) {
    if (kind === 'default') breaches.push(`${path}:${line}: a default export has no name`)
    if (kind === 'list') breaches.push(`${path}:${line}: export a thing where it is declared`)
  }
  const values = exports.filter(({ kind }) => /^(function|class|const)$/.test(kind))
  if (values.length > (LARGER[path] ?? MAX_VALUES))
    breaches.push(`${path}: exports ${values.length} values`)
  return breaches
}

/** Reads of the environment outside the one file of each executable that may read it. */
export function environmentInConfig({ path, code, source, imports }: Module): string[] {
  if (!/^(protocol|peer|bot|specs)\//.test(path) || /^(peer|bot)\/config\.ts$/.test(path)) return []
  // The insides of strings are blanked in `code`, so the bracket form is looked for in both.
  const reads =
    /\bprocess\s*(\?\.|\.)\s*env\b/.test(code) ||
    /\bimport\s*\.\s*meta\s*\.\s*env\b/.test(code) ||
    /\{[^{}]*\benv\b[^{}]*\}\s*=\s*process\b/.test(code) ||
    (/\bprocess\s*(\?\.)?\s*\[/.test(code) &&
      /process\s*(\?\.)?\s*\[\s*['"`]env['"`]/.test(source)) ||
    imports.some(({ specifier }) => /^(node:)?process$/.test(specifier))
  return reads ? [`${path}: reads the environment outside config`] : []
}
