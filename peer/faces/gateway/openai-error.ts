import { type ProblemBody, toProblem } from '../../api/problem.ts'

/** The error object of the OpenAI API, with what our table adds under `x_datanet`. */
export interface OpenAiError {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly code: string
    readonly param: string | null
    readonly x_datanet: Pick<ProblemBody, 'actor' | 'retryable' | 'details'>
  }
}

/** `error` as clients of the OpenAI API read it; `param` comes from the details of INPUT_INVALID. */
export function toOpenAiError(error: unknown): OpenAiError {
  const { status, body } = toProblem(error)
  const { param } = body.details
  return {
    error: {
      message: body.detail,
      type: typeOf(status),
      code: body.code,
      param: typeof param === 'string' ? param : null,
      x_datanet: { actor: body.actor, retryable: body.retryable, details: body.details }
    }
  }
}

/** `error` as a whole response. Says when trying again is useless, since clients retry by status. */
export function errorResponse(error: unknown): Response {
  const { status } = toProblem(error)
  const body = toOpenAiError(error)
  const headers = body.error.x_datanet.retryable ? {} : { 'x-should-retry': 'false' }
  return Response.json(body, { status, headers })
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 402) return 'insufficient_quota'
  if (status === 403) return 'permission_error'
  return status < 500 ? 'invalid_request_error' : 'server_error'
}
