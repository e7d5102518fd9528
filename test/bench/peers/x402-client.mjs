// The x402 client, one channel per worker: a channel serves one call at a time.
import { x402Client, x402HTTPClient } from '@x402/core/client'
import {
  BatchSettlementEvmScheme,
  buildChannelConfig,
  computeChannelId,
  InMemoryClientChannelStorage
} from '@x402/evm/batch-settlement/client'
import { privateKeyToAccount } from 'viem/accounts'
import { answerRequests } from '../pay/child.ts'
import { callFor } from '../pay/load.ts'
import { get } from './http.mjs'
import { DEPOSIT, NETWORK, saltOf, secretOf } from './terms.mjs'

const header = (headers) => (name) => headers[name.toLowerCase()]
let workers
let url

async function join(init) {
  url = init.url
  const first = await get(`${url}/paid`)
  if (first.status !== 402) throw new Error(`expected 402, not ${first.status}: ${first.body}`)
  workers = await Promise.all(
    Array.from({ length: init.workers }, async (_, worker) => {
      const signer = privateKeyToAccount(secretOf(worker))
      const storage = new InMemoryClientChannelStorage()
      const salt = saltOf(worker)
      const scheme = new BatchSettlementEvmScheme(signer, { storage, salt })
      const client = new x402Client().register(NETWORK, scheme)
      client.setSpendControls(false)
      const http = new x402HTTPClient(client)
      const required = http.getPaymentRequiredResponse(header(first.headers), first.body)
      const channelConfig = buildChannelConfig({ signer, storage, salt }, required.accepts[0])
      const channelId = computeChannelId(channelConfig, NETWORK)
      await storage.set(channelId.toLowerCase(), {
        chargedCumulativeAmount: '0',
        balance: `${DEPOSIT}`,
        totalClaimed: '0'
      })
      return { http, required, channelConfig, channelId }
    })
  )
  return workers.map(({ channelId, channelConfig }) => ({ channelId, channelConfig }))
}

async function paid(worker) {
  const { http, required } = workers[worker]
  const payload = await http.createPaymentPayload(required)
  const { status, headers, body } = await get(
    `${url}/paid`,
    http.encodePaymentSignatureHeader(payload)
  )
  if (status !== 200)
    throw new Error(
      `x402 answered ${status}: ${body} ${headers['payment-required'] ? Buffer.from(headers['payment-required'], 'base64') : ''}`
    )
  await http.processPaymentResult(payload, header(headers), status)
}

answerRequests({
  start() {},
  join,
  round: ({ kind, forMs, parallel }) =>
    callFor(forMs, parallel, kind === 'paid' ? paid : () => get(`${url}/unpaid`))
})
