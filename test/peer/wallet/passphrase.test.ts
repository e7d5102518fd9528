import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { passphraseOf } from '../../../peer/wallet/passphrase.ts'
import { testFolder } from '../../fixtures/network.ts'
import { refusal } from '../../protocol/base/refusal.ts'

function file(text: string, mode = 0o600): string {
  const path = join(testFolder(), 'passphrase')
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

test('a passphrase is one line of a file, spaces included; the environment comes first', () => {
  const keyPassphraseFile = file('correct horse \n')
  expect(passphraseOf({ keyPassphraseFile })).toBe('correct horse ')
  expect(passphraseOf({ keyPassphraseFile, keyPassphrase: 'other' })).toBe('other')
  expect(passphraseOf({})).toBeUndefined()
})

test('a file that others can read, that is empty or not there, is refused', async () => {
  for (const path of [file('words', 0o640), file('words', 0o604), file('\n'), '/nowhere/at/all']) {
    const read = () => passphraseOf({ keyPassphraseFile: path })
    expect(await refusal(read)).toBe('CONFIG_INVALID')
  }
})
