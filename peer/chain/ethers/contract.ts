import type {
  Abi,
  AbiParametersToPrimitiveTypes,
  AbiParameterToPrimitiveType,
  ExtractAbiEvent,
  ExtractAbiEventNames,
  ExtractAbiFunction,
  ExtractAbiFunctionNames
} from 'abitype'
import { Interface, type InterfaceAbi } from 'ethers'
import type { WaitOptions } from '../chain.ts'
import type { Rpc } from '../rpc.ts'
import type { ChainLog } from '../transactions.ts'
import { refusalOf } from './refusal.ts'

declare module 'abitype' {
  interface Register {
    addressType: string
    bytesType: { inputs: string; outputs: string }
    intType: bigint
  }
}

type Args<A extends Abi, N extends ExtractAbiFunctionNames<A>> = AbiParametersToPrimitiveTypes<
  ExtractAbiFunction<A, N>['inputs'],
  'inputs'
>

/** The named arguments of an event. */
export type EventArgs<A extends Abi, N extends ExtractAbiEventNames<A>> = {
  readonly [I in ExtractAbiEvent<A, N>['inputs'][number] as I['name'] &
    string]: AbiParameterToPrimitiveType<I, 'outputs'>
}

/** One deployed contract, typed by its ABI. */
export interface Contract<A extends Abi> {
  readonly address: string
  /** Call data of function `name`. */
  encode<N extends ExtractAbiFunctionNames<A>>(name: N, args: Args<A, N>): string
  /** What a view returns at the latest block, as the list of its outputs. */
  read<N extends ExtractAbiFunctionNames<A, 'view' | 'pure'>>(
    name: N,
    args: Args<A, N>,
    options?: WaitOptions
  ): Promise<AbiParametersToPrimitiveTypes<ExtractAbiFunction<A, N>['outputs'], 'outputs'>>
  /** The events `name` that this contract emitted among `logs`. */
  eventsIn<N extends ExtractAbiEventNames<A>>(
    name: N,
    logs: readonly ChainLog[]
  ): Array<EventArgs<A, N> & { readonly blockNumber: number }>
  /**
   * The events `name` since `fromBlock` whose indexed arguments are `keys` (32-byte words; null for
   * any), oldest first.
   */
  eventsOf<N extends ExtractAbiEventNames<A>>(
    name: N,
    keys: ReadonlyArray<string | null>,
    fromBlock: number,
    options?: WaitOptions
  ): Promise<Array<EventArgs<A, N> & { readonly blockNumber: number }>>
}

/** The contract with `abi` at `address`. Reads refuse as `refusalOf` maps what the chain answers. */
export function createContract<const A extends Abi>(
  abi: A,
  address: string,
  rpc: Rpc
): Contract<A> {
  const codec = new Interface(abi as unknown as InterfaceAbi)
  const contract: Contract<A> = {
    address,
    encode: (name, args) => codec.encodeFunctionData(name, args as unknown[]),
    async read(name, args, options = {}) {
      const data = codec.encodeFunctionData(name, args as unknown[])
      const answer = await rpc('eth_call', [{ to: address, data }, 'latest'], options).catch(
        (error: unknown) => {
          throw refusalOf(error, { call: name })
        }
      )
      try {
        return codec.decodeFunctionResult(name, answer as string) as never
      } catch (cause) {
        // An address without code answers every call with nothing.
        throw refusalOf(cause, { call: name, address })
      }
    },
    eventsIn(name, logs) {
      const out = []
      for (const log of logs) {
        if (log.address.toLowerCase() !== address) continue
        const parsed = codec.parseLog({ topics: [...log.topics], data: log.data })
        if (parsed?.name !== name) continue
        out.push({ ...parsed.args.toObject(), blockNumber: Number(log.blockNumber) })
      }
      return out as never
    },
    async eventsOf(name, keys, fromBlock, options = {}) {
      const filter = {
        address,
        fromBlock: `0x${fromBlock.toString(16)}`,
        toBlock: 'latest',
        topics: [codec.getEvent(name)?.topicHash, ...keys]
      }
      const logs = await rpc('eth_getLogs', [filter], options).catch((error: unknown) => {
        throw refusalOf(error, { event: name })
      })
      return contract.eventsIn(name, logs as ChainLog[])
    }
  }
  return contract
}
