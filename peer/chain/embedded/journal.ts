import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { DatanetError } from '../../../protocol/base/errors.ts'

/** What a journal's blocks are replayed on. */
export type JournalHeader = z.output<typeof Header>

/** One block: its time, the raw transactions that came in for it, and the hash it stands on. */
export type JournalBlock = z.output<typeof Block>

/** The blocks of an embedded chain as one append-only file, so that it starts again where it was. */
export interface Journal {
  /** Undefined when the file was just made. */
  readonly header: JournalHeader | undefined
  readonly blocks: readonly JournalBlock[]
  writeHeader(header: JournalHeader): void
  /** Written before the block is mined: whatever a client saw included can be replayed. */
  append(block: JournalBlock): void
  close(): void
}

const Header = z.object({
  journal: z.literal('datanet/chain/1'),
  engine: z.string(),
  chainId: z.string(),
  genesisTimeS: z.int(),
  genesisHash: z.string()
})
const Block = z.object({ timeS: z.int(), parent: z.string(), txs: z.array(z.string()) })

/**
 * The journal in `dir`, made if there is none. A last line that was cut off by a crash is dropped:
 * nobody was told of its block. Refuses any other damage (STORE_FAILED).
 */
export function openJournal(dir: string): Journal {
  mkdirSync(dir, { recursive: true })
  const path = join(dir, 'chain.jsonl')
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole))
  const lines = whole.split('\n').slice(0, -1)
  const header = lines[0] === undefined ? undefined : parse(Header, lines[0], path, 1)
  const blocks = lines.slice(1).map((line, i) => parse(Block, line, path, i + 2))
  const file = openSync(path, 'a')
  const write = (value: object): void => {
    try {
      writeSync(file, `${JSON.stringify(value)}\n`)
    } catch (cause) {
      throw new DatanetError('STORE_FAILED', { path }, { cause })
    }
  }
  return { header, blocks, writeHeader: write, append: write, close: () => closeSync(file) }
}

function parse<S extends z.ZodType>(
  schema: S,
  line: string,
  path: string,
  at: number
): z.output<S> {
  try {
    return schema.parse(JSON.parse(line))
  } catch (cause) {
    throw new DatanetError(
      'STORE_FAILED',
      { path, line: at },
      { cause, hint: 'the chain journal is damaged' }
    )
  }
}
