import type { z } from 'zod'
import { DatanetError } from '../base/errors.ts'

/**
 * The part of an exchange in `value`, as `schema` describes it; unknown keys are dropped. Refuses any
 * other form (FRAME_MALFORMED, with the field's path). For what is only said, not signed.
 */
export function parseWire<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const where = issue?.path.join('.') ?? ''
  throw new DatanetError(
    'FRAME_MALFORMED',
    { field: where, reason: issue?.message ?? '' },
    { cause: parsed.error, hint: where === '' ? 'message' : where }
  )
}
