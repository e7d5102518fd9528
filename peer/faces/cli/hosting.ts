import { Option } from 'commander'
import type { Replica } from '../../api/hosting-api.ts'
import { type CliCommand, command } from './command.ts'
import { table } from './layout.ts'
import { datanetOf } from './resolve.ts'
import { minute, shortPeer } from './short.ts'

const KB = 1_024

/** `datanet datanet host|clean`: copies of Datanets on this peer. */
export const hostingCommands: readonly CliCommand[] = [
  command<{ stop?: boolean }>({
    name: 'datanet host',
    summary: 'keep copies of a Datanet for others',
    args: '[datanet]',
    options: [new Option('--stop', 'keep no more of them')],
    async run({ api, args, options, print, signal }) {
      const { id, name } = await datanetOf(api, args[0])
      const draft = { datanet: id, isOn: options.stop !== true }
      const hosted = await api.datanets.host(draft, { signal, onProgress: print.progress })
      await print.show(hosted, ({ isHost, ordinal }) =>
        isHost
          ? `Copies of “${name}” are kept here and served; the newest revision is ${ordinal}.`
          : `No more copies of “${name}” are kept. What is here stays until: datanet datanet clean`
      )
    }
  }),
  command({
    name: 'datanet name',
    summary: 'a lasting name for it, for any IPFS tool',
    args: '[datanet]',
    async run({ api, args, print, signal }) {
      const { id } = await datanetOf(api, args[0])
      const named = await api.datanets.name(id, { signal })
      await print.show(named, ({ name, value, expiresAtMs }) =>
        [
          `/ipns/${name}`,
          `points to ${value}`,
          `until ${minute(expiresAtMs)}; --json gives the signed record, which any IPFS node takes in.`
        ].join('\n')
      )
    }
  }),
  command({
    name: 'datanet clean',
    summary: 'forget content of older revisions',
    async run({ api, print, signal }) {
      const cleaned = await api.datanets.clean({ signal })
      await print.show(cleaned, ({ blocks, bytes }) =>
        blocks === 0
          ? 'Nothing is kept here that nobody needs.'
          : `${blocks} blocks that nothing refers to are gone: ${Math.ceil(bytes / KB)} KiB.`
      )
    }
  })
]

/** What the hosts of a Datanet were found to keep, one a line. */
export function replicaTable(replicas: readonly Replica[], newest: number, width: number): string {
  return table(
    [{ head: 'HOST' }, { head: 'REVISION' }, { head: 'COPY' }],
    replicas.map(({ peer, ordinal, isVerified, code }) => [
      shortPeer(peer),
      ordinal === 0 ? '' : `${ordinal}`,
      isVerified ? 'verified' : (code ?? (ordinal < newest ? 'behind' : 'not proven'))
    ]),
    { width, empty: '' }
  )
}
