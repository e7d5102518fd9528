import { toProblem } from '../../api/problem.ts'

/** One line of JSON; amounts become decimal strings, maps become objects. */
export function printJson(value: unknown): void {
  const plain = (_: string, inner: unknown) => {
    if (typeof inner === 'bigint') return inner.toString()
    return inner instanceof Map ? Object.fromEntries(inner) : inner
  }
  process.stdout.write(`${JSON.stringify(value, plain)}\n`)
}

/** Says what went wrong, who can mend it and whether to try again; returns the exit code. */
export function failed(error: unknown, isJson: boolean): number {
  const { body } = toProblem(error)
  if (isJson) {
    printJson({ step: 'error', error: body })
    return 1
  }
  process.stderr.write(`\n${body.code}: ${body.detail}\n`)
  return 1
}
