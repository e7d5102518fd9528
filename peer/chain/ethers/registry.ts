import { AbiCoder, keccak256 } from 'ethers'
import { DatanetRegistry } from '../../../protocol/contracts/abi/DatanetRegistry.ts'
import type { Founding, RegistryContract } from '../registry.ts'
import type { Rpc } from '../rpc.ts'
import { createContract } from './contract.ts'
import type { Sender } from './sender.ts'
import { inclusionOf, splitSignature } from './values.ts'

const ZERO_HASH = `0x${'00'.repeat(32)}`

/** DatanetRegistry at `address`, written to through `sender`. */
export function createRegistry(address: string, rpc: Rpc, sender: Sender): RegistryContract {
  const contract = createContract(DatanetRegistry.abi, address, rpc)
  return {
    async found({ manifest, curators, threshold }, options) {
      const data = contract.encode('found', [manifest, [...curators], BigInt(threshold)])
      const sent = await sender.send({ to: address, data, what: 'found' }, options)
      const [event] = contract.eventsIn('DatanetFounded', sent.logs)
      return { ...inclusionOf(sent), datanet: `${event?.datanet}` }
    },
    async anchor(request, options) {
      const data = contract.encode('anchor', [
        request.datanet,
        BigInt(request.ordinal),
        request.parent,
        request.revision,
        request.contributionsRoot,
        request.approvals.map(splitSignature)
      ])
      return inclusionOf(await sender.send({ to: address, data, what: 'anchor' }, options))
    },
    datanetKey: keyOf,
    async head(datanet, options) {
      const [ordinal, revision] = await contract.read('head', [datanet], options)
      return { ordinal: Number(ordinal), revision }
    },
    async anchorOf(datanet, ordinal, options) {
      const [revision] = await contract.read('anchorOf', [datanet, BigInt(ordinal)], options)
      return revision === ZERO_HASH ? undefined : revision
    },
    async ordinalOf(datanet, revision, options) {
      const [ordinal] = await contract.read('ordinalOf', [datanet, revision], options)
      return ordinal === 0n ? undefined : Number(ordinal)
    },
    async contributionsRootOf(datanet, revision, options) {
      const [root] = await contract.read('contributionsRootOf', [datanet, revision], options)
      return root === ZERO_HASH ? undefined : root
    },
    async curatorsOf(datanet, options) {
      const [curators, threshold] = await contract.read('curatorsOf', [datanet], options)
      if (threshold === 0n) return undefined
      return {
        curators: curators.map((curator) => curator.toLowerCase()),
        threshold: Number(threshold)
      }
    }
  }
}

function keyOf({ manifest, curators, threshold }: Founding): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ['bytes32', 'address[]', 'uint8'],
      [manifest, curators, threshold]
    )
  )
}
