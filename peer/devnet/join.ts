import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatanetError } from '../../protocol/base/errors.ts'
import { formatWei } from '../../protocol/base/units.ts'
import { printJson } from '../faces/cli/print.ts'
import { createPeer } from '../peer.ts'
import { askFaucet } from './faucet.ts'
import { readNetwork } from './network.ts'
import { agentRole } from './roles/agent.ts'

const DNC = 10n ** 18n

/**
 * Joins a running devnet as a new agent with fresh keys, asks one question, pays for the answer and
 * leaves. Refuses a file of no running devnet (CONFIG_INVALID) and one that has ended
 * (CHAIN_UNREACHABLE).
 */
export async function runJoin(
  networkFile: string,
  options: { readonly question: string; readonly json?: boolean }
): Promise<void> {
  const file = readNetwork(networkFile)
  const { topic } = file
  if (topic === undefined) {
    const hint = `${networkFile} is of no devnet: join it with peer start --network, and search`
    throw new DatanetError('CONFIG_INVALID', { file: networkFile }, { hint })
  }
  const network = { ...file, topic }
  const dataDir = mkdtempSync(join(tmpdir(), 'datanet-join-'))
  try {
    const peer = await createPeer({
      dataDir,
      bootstrap: network.bootstrap,
      rpcUrl: network.rpcUrl,
      contracts: network.contracts,
      limits: { maxCallWei: DNC, prepayWei: DNC / 20n, depositWei: DNC }
    })
    try {
      await askFaucet(network.rpcUrl, peer.account)
      const scene = {
        peer,
        network,
        dataDir,
        signal: new AbortController().signal,
        progress: () => {}
      }
      const answer = await agentRole.ask(scene, { question: options.question })
      if (options.json === true) return printJson(answer)
      const { receipt } = answer
      const sources = answer.citations.map(
        ({ mark, title, sourceUrl }) => `  [${mark}] ${title}${sourceUrl ? ` — ${sourceUrl}` : ''}`
      )
      process.stdout.write(
        `${[
          answer.text.trim(),
          ...sources,
          '',
          `${receipt.outcome} by …${receipt.provider.slice(-8)} for ${formatWei(receipt.priceWei, 'DNC')}, ` +
            `of which ${formatWei(receipt.royaltyWei, 'DNC')} are royalty; receipt ${receipt.callId}`
        ].join('\n')}\n`
      )
    } finally {
      await peer.stop()
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}
