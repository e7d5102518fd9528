import { parseCid } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { fromWire } from '../base/schema.ts'
import { CONTENT, type Content, type SchemaId } from './content.ts'

/** Content where JSON is spoken: CIDs as text, a receipt id in hexadecimal. */
export type JsonContent = Readonly<Record<string, unknown>>

/**
 * The readable columns of `item`'s content in the order of its table: those of a revision's row, of
 * an export and of the API. specs/04-datanet.md §Revision directory
 */
export function contentToJson({ schema, content }: Content): JsonContent {
  switch (schema) {
    case 'text/1':
      return { title: content.title, text: content.text }
    case 'qa/1':
      return { question: content.question, answer: content.answer }
    case 'dialogue/1':
      return given({
        title: content.title,
        turns: content.turns.map(({ role, text }) => ({ role, text }))
      })
    case 'label/1':
      return given({ text: content.text, label: content.label, labels: content.labels })
    case 'correction/1': {
      const { of, question, wrong, right } = content
      const target =
        'contribution' in of
          ? { contribution: of.contribution.toString() }
          : { receipt: Buffer.from(of.receipt).toString('hex') }
      return given({ of: target, question, wrong, right })
    }
    case 'preference/1': {
      const { question, reason } = content
      return 'answers' in content
        ? given({ question, answers: content.answers, better: content.better, reason })
        : given({ question, answer: content.answer, rating: content.rating, reason })
    }
    case 'file/1': {
      const { file, mime, name, bytes, caption } = content
      return given({ file: file.toString(), mime, name, bytes, caption })
    }
  }
}

/**
 * The content that `json` says under `schema`. Refuses a schema that is not known and a content
 * outside its table (CONTRIBUTION_INVALID, with the field).
 */
export function contentFromJson(schema: string, json: JsonContent): Content {
  const type = Object.hasOwn(CONTENT, schema) ? CONTENT[schema as SchemaId] : undefined
  if (type === undefined) {
    const hint = `there is no schema ${schema}: ${Object.keys(CONTENT).join(', ')}`
    throw new DatanetError('CONTRIBUTION_INVALID', { schema }, { hint })
  }
  try {
    return { schema, content: fromWire(type, toWireForm(schema, json)) } as Content
  } catch (cause) {
    if (!(cause instanceof DatanetError)) throw cause
    throw new DatanetError(
      'CONTRIBUTION_INVALID',
      { schema, ...cause.details },
      {
        cause,
        hint: `${schema}: ${cause.details.field ?? ''} ${cause.details.reason ?? cause.code}`
      }
    )
  }
}

/** What JSON cannot hold stands there as text. */
function toWireForm(schema: string, json: JsonContent): unknown {
  if (schema === 'file/1' && typeof json.file === 'string') {
    return { ...json, file: parseCid(json.file) }
  }
  const of = schema === 'correction/1' ? json.of : undefined
  if (typeof of !== 'object' || of === null) return json
  if ('contribution' in of && typeof of.contribution === 'string') {
    return { ...json, of: { ...of, contribution: parseCid(of.contribution) } }
  }
  if ('receipt' in of && typeof of.receipt === 'string') {
    return { ...json, of: { ...of, receipt: Uint8Array.from(Buffer.from(of.receipt, 'hex')) } }
  }
  return json
}

function given(columns: Record<string, unknown>): JsonContent {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined))
}
