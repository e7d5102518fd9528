import { z } from 'zod'
import { accountsSchema } from './accounts-schema.ts'
import { datanetsSchema } from './datanets-schema.ts'
import { type Method, method } from './method.ts'
import { modelsSchema } from './models-schema.ts'
import { channelsSchema, receiptsSchema, rewardsSchema } from './money-schema.ts'
import type { CallOptions, PeerApi, ProgressOptions } from './peer-api.ts'

const peerStatus = z.object({
  peerId: z.string(),
  addresses: z.array(z.string()).readonly(),
  connectedPeers: z.int(),
  openStreams: z.int(),
  chainId: z.exactOptional(z.int()),
  token: z.exactOptional(z.object({ symbol: z.string(), decimals: z.int() })),
  account: z.string(),
  roles: z.array(z.enum(['host', 'provider', 'consumer'])).readonly(),
  signer: z.enum(['native', 'javascript']),
  keystore: z.enum(['plain', 'encrypted']),
  autoPublish: z.boolean(),
  version: z.string()
})

/**
 * The whole PeerApi on the wire, by noun and method: `POST /api/v1/<noun>/<method>`. Server and client
 * are made of this one table; `status`, which has no noun, is `peer/status`.
 */
export const PEER_API = {
  datanets: datanetsSchema,
  models: modelsSchema,
  channels: channelsSchema,
  receipts: receiptsSchema,
  rewards: rewardsSchema,
  accounts: accountsSchema,
  peer: { status: method('call', peerStatus) }
}

/** The method that a path means, or undefined; names of every object are none of them. */
export function methodAt(noun: string, name: string): Method | undefined {
  if (!Object.hasOwn(PEER_API, noun)) return undefined
  const methods: Readonly<Record<string, Method>> = PEER_API[noun as keyof typeof PEER_API]
  return Object.hasOwn(methods, name) ? methods[name] : undefined
}

/** Every method of the PeerApi as `noun/method`. */
export type MethodPath = {
  [N in keyof typeof PEER_API]: `${N}/${keyof (typeof PEER_API)[N] & string}`
}[keyof typeof PEER_API]

type Nouns = Omit<PeerApi, 'status'> & { readonly peer: Pick<PeerApi, 'status'> }

/** What the interface says of a method: its kind, its argument, its result. */
type Declared<F> = F extends (...args: infer P) => infer R
  ? {
      argument: CallOptions extends NonNullable<P[0]> ? undefined : P[0]
      result: R extends AsyncIterable<infer E> ? E : Awaited<R>
      kind: R extends AsyncIterable<unknown>
        ? 'stream'
        : ProgressOptions extends NonNullable<P[number]>
          ? 'onProgress' extends keyof NonNullable<LastOf<P>>
            ? 'progress'
            : 'call'
          : 'call'
    }
  : never

type LastOf<P extends readonly unknown[]> =
  Required<P> extends readonly [...unknown[], infer L] ? L : never

type Written<M> =
  M extends Method<infer K, infer A, infer R>
    ? { argument: z.output<A>; result: z.output<R>; kind: K }
    : never

type AllDeclared = { [N in keyof Nouns]: { [M in keyof Nouns[N]]: Declared<Nouns[N][M]> } }
type AllWritten = {
  [N in keyof typeof PEER_API]: {
    [M in keyof (typeof PEER_API)[N]]: Written<(typeof PEER_API)[N][M]>
  }
}

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false

// Fails to compile when the table and the interfaces differ in a method, an argument or a result.
true satisfies Same<AllDeclared, AllWritten>
