import type { ErrorCode } from '../../protocol/base/errors.ts'
import type { Network } from './network.ts'
import type { Progress } from './roles/role.ts'

/** What the devnet tells a participant's process. */
export type ToChild =
  | {
      readonly id: number
      readonly start: {
        readonly role: string
        readonly dataDir: string
        readonly network: Network
      }
    }
  | { readonly id: number; readonly do: string; readonly args: unknown }
  | { readonly stop: true }

/** What a participant's process answers. */
export type FromChild =
  | { readonly id: number; readonly progress: Progress }
  | { readonly id: number; readonly value: unknown }
  | {
      readonly id: number
      readonly error: {
        readonly code: ErrorCode
        readonly message: string
        readonly details: Readonly<Record<string, unknown>>
      }
    }
