// @x402/express with batch-settlement, in memory or over its files, which it does not sync. The
// facilitator answers at once and the mirror of the chain never grows old: the server's best case.
import { x402ResourceServer } from '@x402/core/server'
import { BatchSettlementEvmScheme, InMemoryChannelStorage } from '@x402/evm/batch-settlement/server'
import { FileChannelStorage } from '@x402/evm/batch-settlement/server/file-storage'
import { paymentMiddleware } from '@x402/express'
import express from 'express'
import { privateKeyToAccount } from 'viem/accounts'
import { answerRequests } from '../pay/child.ts'
import { listen } from './http.mjs'
import { DEPOSIT, NETWORK, RECEIVER, secretOf, TOKEN } from './terms.mjs'

let storage = new InMemoryChannelStorage()
const facilitator = {
  getSupported: async () => ({
    kinds: [{ x402Version: 2, scheme: 'batch-settlement', network: NETWORK }],
    extensions: [],
    signers: {}
  }),
  verify: async () => ({ isValid: false, invalidReason: 'not_local' }),
  settle: async () => ({ success: false, transaction: '', network: NETWORK })
}

async function start({ answer, directory }) {
  if (directory !== undefined) storage = new FileChannelStorage({ directory })
  const scheme = new BatchSettlementEvmScheme(RECEIVER, {
    storage,
    receiverAuthorizerSigner: privateKeyToAccount(secretOf(9_999)),
    onchainStateTtlMs: 3_600_000
  })
  const server = new x402ResourceServer(facilitator).register(NETWORK, scheme)
  const price = { asset: TOKEN, amount: '1000', extra: { name: 'USD', version: '1' } }
  const accepts = { scheme: 'batch-settlement', network: NETWORK, payTo: RECEIVER, price }
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.get('/unpaid', (_request, response) => response.json({ answer }))
  app.use(paymentMiddleware({ 'GET /paid': { accepts: [accepts] } }, server))
  app.get('/paid', (_request, response) => response.json({ answer }))
  url = await listen(app)
}

let url
answerRequests({
  start,
  offers: () => ({ url }),
  async seed({ channels }) {
    for (const { channelId, channelConfig } of channels) {
      await storage.updateChannel(channelId, () => ({
        channelId,
        channelConfig,
        chargedCumulativeAmount: '0',
        signedMaxClaimable: '0',
        signature: '0x',
        balance: `${DEPOSIT}`,
        totalClaimed: '0',
        withdrawRequestedAt: 0,
        refundNonce: 0,
        onchainSyncedAt: Date.now(),
        lastRequestTimestamp: Date.now()
      }))
    }
  }
})
