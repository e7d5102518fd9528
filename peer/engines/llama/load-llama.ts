import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DatanetError } from '../../../protocol/base/errors.ts'

/** The version this was written for; another one may have other bindings. */
const VERSION = '3.22.1'
const PACKAGE = 'node-llama-cpp'

/** What of node-llama-cpp is used here: it is not installed where it is not wanted, so its types are not. */
export interface LlamaBinding {
  getLlama(options: object): Promise<Llama>
  readonly LlamaChatSession: new (options: object) => LlamaSession
}

interface Llama {
  loadModel(options: object): Promise<LlamaModelFile>
}

/** A loaded GGUF file. */
export interface LlamaModelFile {
  createContext(options: object): Promise<LlamaContext>
  dispose(): Promise<void>
}

/** Room for one dialogue, with the adapters it was made with. */
export interface LlamaContext {
  getSequence(): object
  dispose(): Promise<void>
}

/** One dialogue. */
export interface LlamaSession {
  setChatHistory(history: readonly object[]): void
  promptWithMeta(text: string, options: object): Promise<{ readonly stopReason: string }>
  dispose(options?: object): void
}

/**
 * node-llama-cpp, from this package's own neighbours or from `folder`. Where it is not installed,
 * DEPENDENCY_MISSING says by which command it is: into that folder, since npm would take out other
 * optional packages with the many megabytes of this one's that nobody needs.
 */
export async function loadLlama(folder: string): Promise<LlamaBinding> {
  const inFolder = join(folder, 'node_modules', PACKAGE, 'dist', 'index.js')
  try {
    const from = existsSync(inFolder) ? pathToFileURL(inFolder).href : PACKAGE
    return (await import(from)) as LlamaBinding
  } catch (cause) {
    const hint = installCommand(folder)
    throw new DatanetError('DEPENDENCY_MISSING', { package: PACKAGE }, { cause, hint })
  }
}

/** The command that installs it and the one binary for this machine. */
export function installCommand(folder: string): string {
  const { platform, arch } = process
  const names: Readonly<Record<string, string>> = {
    'darwin-arm64': 'mac-arm64-metal',
    'darwin-x64': 'mac-x64',
    'win32-x64': 'win-x64',
    'win32-arm64': 'win-arm64'
  }
  const binary = names[`${platform}-${arch}`] ?? `${platform}-${arch}`
  return [
    `npm install --prefix ${folder} --ignore-scripts --omit=optional`,
    `${PACKAGE}@${VERSION} @node-llama-cpp/${binary}@${VERSION}`
  ].join(' ')
}
