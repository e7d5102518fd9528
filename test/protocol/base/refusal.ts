import { type ErrorCode, isDatanetError } from '../../../protocol/base/errors.ts'

/** The code that `act` refuses with; fails when it does not refuse, or not with a coded error. */
export async function refusal(act: () => unknown): Promise<ErrorCode> {
  try {
    await act()
  } catch (error) {
    if (isDatanetError(error)) return error.code
    throw error
  }
  throw new Error('it was accepted')
}
