import { readFileSync, statSync } from 'node:fs'
import { DatanetError } from '../../protocol/base/errors.ts'

/**
 * The passphrase that opens the keys, from the environment or from a file of its own; undefined when
 * none is set. Refuses a file that cannot be read, that is empty, or that others can read
 * (CONFIG_INVALID).
 */
export function passphraseOf(source: {
  readonly keyPassphrase?: string
  readonly keyPassphraseFile?: string
}): string | undefined {
  const { keyPassphrase, keyPassphraseFile: path } = source
  if (keyPassphrase !== undefined || path === undefined) return keyPassphrase
  const refuse = (hint: string, cause?: unknown) =>
    new DatanetError('CONFIG_INVALID', { key: 'keyPassphraseFile' }, { cause, hint })
  let text: string
  try {
    // Windows keeps no such bits: there the folder's rights decide.
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
      throw refuse(`others can read ${path}: chmod 600 it`)
    }
    text = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    throw cause instanceof DatanetError ? cause : refuse(`${path} cannot be read`, cause)
  }
  if (text === '') throw refuse(`${path} is empty`)
  return text
}
