// mppx's session on Node's HTTP with its memory store, over a chain that answers at once and is asked
// once per channel: the server's best case.
import { Mppx, Store, tempo } from 'mppx/server'
import { Session } from 'mppx/tempo'
import { createClient, custom, encodeFunctionResult } from 'viem'
import { tempo as tempoChain } from 'viem/chains'
import { answerRequests } from '../pay/child.ts'
import { listen } from './http.mjs'
import { DEPOSIT, RECEIVER, TOKEN } from './terms.mjs'

const store = Store.memory()
const state = { settled: 0n, deposit: DEPOSIT, closeRequestedAt: 0 }
const chain = createClient({
  chain: tempoChain,
  transport: custom({
    async request({ method }) {
      if (method !== 'eth_call') throw new Error(`no ${method} here`)
      const { escrowAbi: abi } = Session.Precompile
      return encodeFunctionResult({ abi, functionName: 'getChannelState', result: state })
    }
  })
})
let url

async function start({ answer }) {
  const mppx = Mppx.create({
    methods: [
      tempo.session({
        currency: TOKEN,
        recipient: RECEIVER,
        store,
        channelStateTtl: 3_600_000,
        getClient: () => chain
      })
    ],
    secretKey: Buffer.alloc(32, 7).toString('base64')
  })
  const pay = Mppx.toNodeListener(mppx.session({ amount: '0.001', unitType: 'call' }))
  const body = JSON.stringify({ answer })
  url = await listen(async (request, response) => {
    if (request.url === '/paid' && (await pay(request, response)).status === 402) return
    response.setHeader('content-type', 'application/json')
    response.end(body)
  })
}

answerRequests({
  start,
  offers: () => ({ url, chainId: tempoChain.id }),
  async seed({ channels }) {
    for (const { channelId, descriptor, escrow, chainId } of channels) {
      await store.put(channelId, {
        ...descriptor,
        backend: 'precompile',
        chainId,
        channelId,
        descriptor,
        escrowContract: escrow,
        closeRequestedAt: 0n,
        deposit: DEPOSIT,
        settledOnChain: 0n,
        highestVoucherAmount: 0n,
        highestVoucher: { channelId, cumulativeAmount: 0n, signature: '0x' },
        spent: 0n,
        units: 0,
        finalized: false,
        createdAt: new Date().toISOString()
      })
    }
  }
})
