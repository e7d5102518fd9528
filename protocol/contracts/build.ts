import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compileContracts } from './compile.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))

/**
 * The text of every generated file, by its path below this folder: ABI and bytecode of each contract
 * here, as TypeScript constants, so that nothing compiles at start and types follow the contracts.
 */
export function renderArtifacts(): Record<string, string> {
  const sources = Object.fromEntries(
    readdirSync(HERE)
      .filter((file) => file.endsWith('.sol'))
      .sort()
      .map((file) => [file, readFileSync(`${HERE}${file}`, 'utf8')])
  )
  const files: Record<string, string> = {}
  for (const [name, { abi, bytecode }] of Object.entries(compileContracts(sources))) {
    const entries = abi.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n')
    files[`abi/${name}.ts`] =
      `// Generated from ${name}.sol by protocol/contracts/build.ts; do not edit.\n\n` +
      `/** ABI and deployment code of ${name}. */\n` +
      `export const ${name} = {\n  abi: [\n${entries}\n  ],\n  bytecode:\n    '${bytecode}'\n} as const\n`
  }
  return files
}

/** The generated files that differ from `files` on disk, are missing, or have no contract any more. */
export function staleArtifacts(files: Record<string, string>): string[] {
  const onDisk = (path: string): string | undefined => {
    try {
      return readFileSync(`${HERE}${path}`, 'utf8')
    } catch {
      return undefined
    }
  }
  const orphans = readdirSync(`${HERE}abi`).filter((file) => !(`abi/${file}` in files))
  return [
    ...Object.keys(files).filter((path) => onDisk(path) !== files[path]),
    ...orphans.map((file) => `abi/${file}`)
  ]
}

function main(): void {
  const startedMs = performance.now()
  mkdirSync(`${HERE}abi`, { recursive: true })
  const files = renderArtifacts()
  const stale = staleArtifacts(files)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  if (process.argv.includes('--check')) {
    for (const path of stale) console.error(`stale: protocol/contracts/${path}`)
    console.log(
      `compared ${Object.keys(files).length} files in ${seconds} s: ${stale.length} stale`
    )
    process.exitCode = stale.length > 0 ? 1 : 0
    return
  }
  for (const path of stale) {
    const text = files[path]
    if (text === undefined) {
      console.log(`no contract any more, delete it: protocol/contracts/${path}`)
      continue
    }
    writeFileSync(`${HERE}${path}`, text)
    console.log(`wrote protocol/contracts/${path} (${Math.round(text.length / 1024)} KiB)`)
  }
  console.log(`compiled ${Object.keys(files).length} contracts in ${seconds} s`)
}

if (import.meta.main) main()
