import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** One compiled contract: its interface and the code that deploys it. */
export interface Compiled {
  readonly abi: readonly Record<string, unknown>[]
  readonly bytecode: string
}

interface SolcOutput {
  readonly errors?: ReadonlyArray<{
    readonly severity: string
    readonly formattedMessage: string
    readonly sourceLocation?: { readonly file: string }
  }>
  readonly contracts?: Record<
    string,
    Record<
      string,
      {
        readonly abi: Record<string, unknown>[]
        readonly evm: { readonly bytecode: { readonly object: string } }
      }
    >
  >
}

const require = createRequire(import.meta.url)
const HERE = fileURLToPath(new URL('.', import.meta.url))

/**
 * The contracts in `sources` (file name → Solidity), by contract name. Imports resolve to this folder
 * and to installed packages. The compiler is npm's WebAssembly solc, so every platform gets the same
 * bytes; output is asked for `sources` only, since the cost grows with it. Throws an Error with the
 * compiler's words on errors anywhere and on warnings about `sources`.
 */
export function compileContracts(sources: Record<string, string>): Record<string, Compiled> {
  // Loaded here: half a second and 30 MB that only whoever compiles should pay.
  const solc = require('solc') as { compile(input: string, callbacks: object): string }
  const output: SolcOutput = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: 'Solidity',
        sources: Object.fromEntries(
          Object.entries(sources).map(([file, content]) => [file, { content }])
        ),
        settings: {
          evmVersion: 'cancun',
          optimizer: { enabled: true, runs: 1_000_000 },
          metadata: { bytecodeHash: 'none', appendCBOR: false },
          outputSelection: Object.fromEntries(
            Object.keys(sources).map((file) => [file, { '*': ['abi', 'evm.bytecode.object'] }])
          )
        }
      }),
      { import: readImport }
    )
  )
  const bad = (output.errors ?? []).filter(
    (e) => e.severity === 'error' || (e.sourceLocation?.file ?? '') in sources
  )
  if (bad.length > 0) throw new Error(bad.map((e) => e.formattedMessage).join('\n'))
  const compiled: Record<string, Compiled> = {}
  for (const file of Object.values(output.contracts ?? {})) {
    for (const [name, contract] of Object.entries(file)) {
      if (contract.evm.bytecode.object === '') continue
      compiled[name] = {
        abi: contract.abi,
        bytecode: `0x${contract.evm.bytecode.object}`
      }
    }
  }
  return compiled
}

function readImport(path: string): { contents: string } | { error: string } {
  const own = `${HERE}${path}`
  if (existsSync(own)) return { contents: readFileSync(own, 'utf8') }
  try {
    return { contents: readFileSync(require.resolve(path), 'utf8') }
  } catch {
    return { error: `no such file: ${path}` }
  }
}
