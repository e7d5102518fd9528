import { DatanetError, ERRORS, isDatanetError } from '../../../protocol/base/errors.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'

/** Another host may know a way to the intake host that this peer does not. */
const ELSEWHERE = new Set(['PEER_UNREACHABLE', 'PEER_GONE', 'PEER_SILENT', 'PROTOCOL_REFUSED'])

/** Has the intake host of a Datanet answer, or another host that passes the ask on to it. */
export type HostAsk = (
  datanet: KnownDatanet,
  value: unknown,
  options: CallOptions
) => Promise<unknown>

/** What accounts ask a host over `/datanet/contribute/1`. specs/04-datanet.md §Submission */
export function createHostAsk({ pool, peerId }: Pick<Parts, 'pool' | 'peerId'>): HostAsk {
  return async ({ signed }, value, options) => {
    const { intakeHost, hosts } = signed.manifest
    const targets = [intakeHost, ...hosts.filter((host) => host !== peerId)]
    let first: unknown
    for (const host of targets) {
      try {
        return await pool.request(host, PROTOCOLS.contribute, value, options)
      } catch (error) {
        if (!isDatanetError(error) || !ELSEWHERE.has(error.code)) throw explained(error)
        // That the intake host is away says more than that the others are as well.
        first ??= error
      }
    }
    throw first
  }
}

/** A host's refusal with its reason, in its own words: they are bounded, and quoted as its own. */
function explained(error: unknown): unknown {
  if (!isDatanetError(error) || typeof error.details.text !== 'string') return error
  const { code, details } = error
  const meaning = `${ERRORS[code].meaning}: `
  const { text } = error.details
  if (!text.startsWith(meaning)) return error
  const hint = `the host says: ${text.slice(meaning.length)}`
  return new DatanetError(code, details, { cause: error, hint })
}
