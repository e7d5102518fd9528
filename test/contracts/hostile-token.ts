import { readFileSync } from 'node:fs'
import { Interface } from 'ethers'
import { compileContracts } from '../../protocol/contracts/compile.ts'
import type { World } from './world.ts'

/** A misbehaving token on `world`'s chain: see solidity/HostileToken.sol. */
export interface HostileToken {
  readonly address: string
  /** Calls one of its functions as `name`. */
  call(name: string, method: string, args: readonly unknown[]): Promise<void>
  /** Reads one of its views. */
  read(method: string, args: readonly unknown[]): Promise<unknown>
}

let code: { readonly abi: Interface; readonly bytecode: string } | undefined

export async function deployHostileToken(world: World): Promise<HostileToken> {
  code ??= compile()
  const { abi, bytecode } = code
  const sent = await world.senderOf('deployer').send({ data: bytecode, what: 'deploy' })
  const address = `${sent.contractAddress}`
  return {
    address,
    async call(name, method, args) {
      const data = abi.encodeFunctionData(method, args)
      await world.senderOf(name).send({ to: address, data, what: method })
    },
    async read(method, args) {
      const data = abi.encodeFunctionData(method, args)
      const answer = await world.rpc('eth_call', [{ to: address, data }, 'latest'])
      return abi.decodeFunctionResult(method, answer as string)[0]
    }
  }
}

function compile(): { abi: Interface; bytecode: string } {
  const source = readFileSync(new URL('solidity/HostileToken.sol', import.meta.url), 'utf8')
  const { HostileToken } = compileContracts({ 'HostileToken.sol': source })
  if (HostileToken === undefined) throw new Error('HostileToken did not compile')
  return { abi: new Interface(JSON.stringify(HostileToken.abi)), bytecode: HostileToken.bytecode }
}
