/** `text` as one word of a shell, quoted where it must be. */
export function shellWord(text: string): string {
  return /^[\w./~:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** What the next command repeats so that it asks the same peer: nothing where none was named. */
export function whoseOf(dataDir: string | undefined): string {
  return dataDir === undefined ? '' : ` --data-dir ${shellWord(dataDir)}`
}
