import { AbiCoder, keccak256, toBeHex } from 'ethers'
import { DatanetRegistry } from '../../../protocol/contracts/abi/DatanetRegistry.ts'
import type { WaitOptions } from '../chain.ts'
import type { Founding, RegistryContract } from '../registry.ts'
import type { Rpc } from '../rpc.ts'
import { createContract } from './contract.ts'
import type { Sender } from './sender.ts'
import { inclusionOf, splitSignature } from './values.ts'

const ZERO_HASH = `0x${'00'.repeat(32)}`
const ZERO_HEAD = `0x${'00'.repeat(24)}`

/**
 * DatanetRegistry at `address`, written to through `sender`; events are searched from `fromBlock` on.
 */
export function createRegistry(
  address: string,
  rpc: Rpc,
  sender: Sender,
  fromBlock: number
): RegistryContract {
  const contract = createContract(DatanetRegistry.abi, address, rpc)

  /** The anchor of `datanet` at `ordinal` or of `revision`, as its event tells it. */
  async function anchored(
    keys: readonly [datanet: string, ordinal: number | null, revision?: string],
    options: WaitOptions | undefined
  ) {
    const [datanet, ordinal, revision] = keys
    const topics = [datanet, ordinal === null ? null : toBeHex(ordinal, 32)]
    const found = await contract.eventsOf(
      'RevisionAnchored',
      revision === undefined ? topics : [...topics, revision],
      fromBlock,
      options
    )
    return found.at(-1)
  }

  return {
    async found({ manifest, curators, threshold }, options) {
      const data = contract.encode('found', [manifest, [...curators], BigInt(threshold)])
      const sent = await sender.send({ to: address, data, what: 'found' }, options)
      const [event] = contract.eventsIn('DatanetFounded', sent.logs)
      return { ...inclusionOf(sent), datanet: `${event?.datanet}` }
    },
    async rotate(request, options) {
      const data = contract.encode('rotate', [
        request.datanet,
        BigInt(request.seq),
        request.prev,
        request.manifest,
        [...request.curators],
        BigInt(request.threshold),
        request.approvals.map(splitSignature)
      ])
      return inclusionOf(await sender.send({ to: address, data, what: 'rotate' }, options))
    },
    async anchor(request, options) {
      // What the head was made of; where it is missing, the contract says what is wrong.
      const parent =
        request.ordinal > 1
          ? await anchored([request.datanet, request.ordinal - 1], options)
          : undefined
      const data = contract.encode('anchor', [
        request.datanet,
        BigInt(request.ordinal),
        {
          before: parent?.before ?? ZERO_HEAD,
          revision: request.parent,
          contributionsRoot: parent?.contributionsRoot ?? ZERO_HASH
        },
        request.revision,
        request.contributionsRoot,
        request.approvals.map(splitSignature)
      ])
      return inclusionOf(await sender.send({ to: address, data, what: 'anchor' }, options))
    },
    datanetKey: keyOf,
    async head(datanet, options) {
      const [ordinal] = await contract.read('head', [datanet], options)
      if (ordinal === 0n) return { ordinal: 0, revision: ZERO_HASH }
      const newest = await anchored([datanet, Number(ordinal)], options)
      return { ordinal: Number(ordinal), revision: newest?.revision ?? ZERO_HASH }
    },
    async anchorOf(datanet, ordinal, options) {
      return (await anchored([datanet, ordinal], options))?.revision
    },
    async ordinalOf(datanet, revision, options) {
      const event = await anchored([datanet, null, revision], options)
      return event === undefined ? undefined : Number(event.ordinal)
    },
    async contributionsRootOf(datanet, revision, options) {
      return (await anchored([datanet, null, revision], options))?.contributionsRoot
    },
    async lineage(datanet, revision, options) {
      const all = await contract.eventsOf('RevisionAnchored', [datanet], fromBlock, options)
      const at = all.findIndex((one) => one.revision === revision)
      const found = all[at]
      if (found === undefined) return undefined
      const { before, contributionsRoot } = found
      const later = all.slice(at + 1).map((one) => ({
        revision: one.revision,
        contributionsRoot: one.contributionsRoot
      }))
      return { anchored: { before, revision, contributionsRoot }, later }
    },
    async manifestOf(datanet, options) {
      const [seq, manifest] = await contract.read('manifestOf', [datanet], options)
      return manifest === ZERO_HASH ? undefined : { seq: Number(seq), manifest }
    },
    async rotatedTo(datanet, seq, options) {
      const topics = [datanet, toBeHex(seq, 32)]
      const found = await contract.eventsOf('CuratorsRotated', topics, fromBlock, options)
      return found.at(-1)?.manifest
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
