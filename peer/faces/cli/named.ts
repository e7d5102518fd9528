import { refusal } from '../../api/problem.ts'

/** Whether `named` is the id, its beginning or end as tables show them, or the name. */
export function means(named: string, id: string, name = ''): boolean {
  const wanted = named.toLowerCase()
  if (wanted === id || wanted === name.toLowerCase()) return true
  const [start = '', end = ''] = wanted.split(/…|\.\.\./)
  if (wanted !== start) return start.length >= 4 && id.startsWith(start) && id.endsWith(end)
  return start.length >= 8 && id.startsWith(start)
}

/** The only one of `found`. Refuses none with the code `missing`, and several (INPUT_INVALID). */
export function theOne<T>(
  found: readonly T[],
  missing: Parameters<typeof refusal>[0],
  named: string | undefined,
  what: string,
  hint: string
): T {
  const [first, second] = found
  if (first === undefined) throw refusal(missing, named === undefined ? {} : { named }, { hint })
  if (second === undefined) return first
  const several = `${found.length} ${what}s fit: name one by its id`
  throw refusal('INPUT_INVALID', named === undefined ? {} : { named }, { hint: several })
}
