import { isDatanetError } from '../../../protocol/base/errors.ts'
import { domainSeparator, type TypedDomain } from '../../../protocol/base/typed-data.ts'
import type { WaitOptions } from '../chain.ts'
import type { Rpc } from '../rpc.ts'
import type { TokenSigning } from '../token.ts'
import { createContract } from './contract.ts'

const view = (name: string, inputs: readonly string[], outputs: readonly string[]) =>
  ({
    ...{ type: 'function', stateMutability: 'view', name },
    inputs: inputs.map((type) => ({ name: '', type })),
    outputs: outputs.map((type) => ({ name: '', type }))
  }) as const

/** Parts of ERC-2612, EIP-3009 and ERC-5267 that a token may have. */
const VIEWS = [
  view(
    'eip712Domain',
    [],
    ['bytes1', 'string', 'string', 'uint256', 'address', 'bytes32', 'uint256[]']
  ),
  view('DOMAIN_SEPARATOR', [], ['bytes32']),
  view('name', [], ['string']),
  view('version', [], ['string']),
  view('nonces', ['address'], ['uint256']),
  view('authorizationState', ['address', 'bytes32'], ['bool'])
]
/** Name, version, chain and contract, and no salt. */
const PLAIN_FIELDS = '0x0f'
/** Versions of tokens that do not say theirs. */
const VERSIONS = ['1', '2']
const ZERO_HASH = `0x${'0'.repeat(64)}`

/** What the token at `address` on `chainId` lets its owners sign; found out once, when first asked. */
export function createTokenSigning(address: string, chainId: bigint, rpc: Rpc): TokenSigning {
  const contract = createContract(VIEWS as never, address, rpc)
  const read = contract.read as unknown as (
    name: string,
    args: readonly unknown[],
    options?: WaitOptions
  ) => Promise<readonly unknown[]>

  /** Undefined where the token has no such function; a chain that does not answer is told of. */
  async function ask(name: string, args: readonly unknown[], options?: WaitOptions) {
    try {
      return await read(name, args, options)
    } catch (error) {
      if (!isDatanetError(error) || error.code === 'CHAIN_UNREACHABLE') throw error
      return undefined
    }
  }

  async function domain(options?: WaitOptions): Promise<TypedDomain | undefined> {
    const stated = await ask('eip712Domain', [], options)
    if (stated?.[0] === PLAIN_FIELDS && stated[3] === chainId) {
      const [, name, version] = stated
      return { name: String(name), version: String(version), chainId, verifyingContract: address }
    }
    const [separator] = (await ask('DOMAIN_SEPARATOR', [], options)) ?? []
    const [name] = (await ask('name', [], options)) ?? []
    if (separator === undefined || name === undefined) return undefined
    const own = (await ask('version', [], options)) ?? []
    return [...own.map(String), ...VERSIONS]
      .map((version) => ({
        ...{ name: String(name), version, chainId, verifyingContract: address }
      }))
      .find((one) => `0x${Buffer.from(domainSeparator(one)).toString('hex')}` === separator)
  }

  let known: Promise<TypedDomain | undefined> | undefined
  let authorizes: Promise<boolean> | undefined
  function once<T>(asked: Promise<T>, forget: () => void): Promise<T> {
    asked.catch(forget)
    return asked
  }

  return {
    domain(options) {
      known ??= once(domain(options), () => {
        known = undefined
      })
      return known
    },
    async permitNonce(owner, options) {
      const [nonce] = (await ask('nonces', [owner], options)) ?? []
      return nonce as bigint | undefined
    },
    takesAuthorizations(options) {
      authorizes ??= once(
        ask('authorizationState', [address, ZERO_HASH], options).then((one) => one !== undefined),
        () => {
          authorizes = undefined
        }
      )
      return authorizes
    }
  }
}
