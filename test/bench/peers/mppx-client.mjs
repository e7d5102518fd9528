// The mppx client, one channel per worker: a session serves one call at a time.
import { createChannelStore, Mppx, tempo } from 'mppx/client'
import { Session } from 'mppx/tempo'
import { createClient, custom } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { tempo as tempoChain } from 'viem/chains'
import { answerRequests } from '../pay/child.ts'
import { callFor } from '../pay/load.ts'
import { get } from './http.mjs'
import { DEPOSIT, RECEIVER, saltOf, secretOf, TOKEN } from './terms.mjs'

const ZERO = `0x${'0'.repeat(40)}`
const chain = createClient({
  chain: tempoChain,
  transport: custom({ request: async ({ method }) => Promise.reject(new Error(`no ${method}`)) })
})
let workers
let url
let challenge

async function join(init) {
  url = init.url
  const first = await get(`${url}/paid`)
  if (first.status !== 402) throw new Error(`expected 402, not ${first.status}: ${first.body}`)
  challenge = first.headers['www-authenticate']
  const escrow = Session.Precompile.Constants.tip20ChannelEscrow
  const chainId = tempoChain.id
  workers = await Promise.all(
    Array.from({ length: init.workers }, async (_, worker) => {
      const account = privateKeyToAccount(secretOf(worker))
      const descriptor = {
        authorizedSigner: account.address,
        expiringNonceHash: saltOf(worker + 5_000),
        operator: ZERO,
        payee: RECEIVER,
        payer: account.address,
        salt: saltOf(worker),
        token: TOKEN
      }
      const channelId = Session.Precompile.Channel.computeId({ ...descriptor, chainId, escrow })
      const channelStore = createChannelStore()
      await channelStore.set({
        channelId,
        descriptor,
        escrow,
        chainId,
        opened: true,
        cumulativeAmount: 0n,
        deposit: DEPOSIT
      })
      const session = tempo.session({ account, channelStore, getClient: () => chain })
      const mppx = Mppx.create({ methods: [session], polyfill: false })
      return { mppx, channel: { channelId, descriptor, escrow, chainId } }
    })
  )
  return workers.map(({ channel }) => channel)
}

async function paid(worker) {
  const required = new Response(null, {
    status: 402,
    headers: { 'www-authenticate': challenge }
  })
  const authorization = await workers[worker].mppx.createCredential(required)
  const { status, body, headers } = await get(`${url}/paid`, { authorization })
  if (status !== 200) throw new Error(`mppx answered ${status}: ${body} ${JSON.stringify(headers)}`)
}

answerRequests({
  start() {},
  join,
  round: ({ kind, forMs, parallel }) =>
    callFor(forMs, parallel, kind === 'paid' ? paid : () => get(`${url}/unpaid`))
})
