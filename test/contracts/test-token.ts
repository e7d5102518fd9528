import { readFileSync } from 'node:fs'
import { Interface } from 'ethers'
import { compileContracts } from '../../protocol/contracts/compile.ts'
import type { World } from './world.ts'

/** A contract of solidity/ on `world`'s chain. */
export interface TestContract {
  readonly address: string
  /** Calls one of its functions as `name`. */
  call(name: string, method: string, args: readonly unknown[]): Promise<void>
  /** Reads one of its views. */
  read(method: string, args: readonly unknown[]): Promise<unknown>
}

type Name = 'HostileToken' | 'AuthorizedToken' | 'ShyReceiver'

const compiled = new Map<Name, { readonly abi: Interface; readonly bytecode: string }>()

/** Deploys solidity/`name`.sol, which takes no arguments. */
export async function deployTestContract(world: World, name: Name): Promise<TestContract> {
  const code = compiled.get(name) ?? compile(name)
  compiled.set(name, code)
  const { abi, bytecode } = code
  const sent = await world.senderOf('deployer').send({ data: bytecode, what: 'deploy' })
  const address = `${sent.contractAddress}`
  return {
    address,
    async call(who, method, args) {
      const data = abi.encodeFunctionData(method, args)
      await world.senderOf(who).send({ to: address, data, what: method })
    },
    async read(method, args) {
      const data = abi.encodeFunctionData(method, args)
      const answer = await world.rpc('eth_call', [{ to: address, data }, 'latest'])
      return abi.decodeFunctionResult(method, answer as string)[0]
    }
  }
}

function compile(name: Name): { abi: Interface; bytecode: string } {
  const source = readFileSync(new URL(`solidity/${name}.sol`, import.meta.url), 'utf8')
  const code = compileContracts({ [`${name}.sol`]: source })[name]
  if (code === undefined) throw new Error(`${name} did not compile`)
  return { abi: new Interface(JSON.stringify(code.abi)), bytecode: code.bytecode }
}
