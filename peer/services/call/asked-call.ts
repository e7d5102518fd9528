import type { SignedOffer } from '../../../protocol/model/offer.ts'
import type { OutputMeter } from '../../../protocol/model/price.ts'
import type { CallRequest } from '../../../protocol/net/invoke.ts'
import type { Question } from '../../api/models-api.ts'
import type { PayerChannel } from '../channel/payer-channels.ts'
import type { KnownModel } from '../model/catalogue.ts'

/** One call at one provider. */
export interface AttemptInit {
  readonly known: KnownModel
  readonly signed: SignedOffer
  readonly question: Question
  readonly callId: Uint8Array
  readonly attempt: number
  readonly maxWei: bigint
  readonly signal: AbortSignal
  /** How long the provider is asked on when its stream breaks; RESUME_MS.alone unless given. */
  readonly resumeMs?: number
}

/** What the caller knows of a call while it runs: the ground its receipt is checked on. */
export interface AskedCall extends AttemptInit {
  readonly id: string
  readonly channel: PayerChannel | undefined
  readonly request: CallRequest
  readonly requestBytes: Uint8Array
  readonly inputTokens: number
  readonly meter: OutputMeter
  outputTokens: number
  chunks: number
  costWei: bigint
  coveredWei: bigint
  /** The ask may have reached the provider. */
  isSent?: boolean
  /** When the provider asked for a voucher, until the chunk that it pays for is here. */
  askedAtMs: number | undefined
}
