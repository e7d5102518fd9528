import { type AdapterPool, createAdapterPool } from '../adapters/adapter-pool.ts'
import type { AdapterStore } from '../adapters/adapter-store.ts'
import { createLlamaServerHost } from '../adapters/llama-server-host.ts'
import { createVllmHost } from '../adapters/vllm-host.ts'
import type { TextModel } from '../text-model.ts'
import { createChatClient } from './chat-client.ts'
import { PATIENCE } from './patience.ts'
import { createUpstreamHttp } from './upstream-http.ts'
import type { UpstreamInit } from './upstream-init.ts'

/** A model server of the OpenAI API. */
export interface UpstreamModel extends TextModel {
  /** Where the server takes adapters. */
  readonly adapters?: AdapterPool
  /** Frees what it holds in this process. */
  stop?(): Promise<void>
}

/** Adapters kept in a server's memory, and the largest rank, unless its operator says otherwise. */
const WARM = 8
const MAX_RANK = 64

/**
 * The base model of a server, and what its kind takes of the adapters in `store`. What manages adapters
 * there is asked by this peer alone: no face has a way to it.
 */
export function createUpstreamModel(init: UpstreamInit, store?: AdapterStore): UpstreamModel {
  const { url = '', apiKey, base, model = base, kind, warm = WARM, maxRank = MAX_RANK } = init
  const patience = patienceOf(init)
  const client = createChatClient({ url, apiKey, patience })
  const text: TextModel = {
    kind: 'openai',
    base,
    forms: true,
    // An adapter that happens to be on is switched off for the base.
    generate: (request, { signal }) =>
      client.chat(request, { model, ...(kind === 'llama-server' ? OFF : {}) }, { signal })
  }
  if (store === undefined || kind === 'openai' || kind === 'llama') return text
  const root = url.replace(/\/v1\/*$/, '')
  const http = createUpstreamHttp({ url: root, apiKey, patience: { ...PATIENCE, ...patience } })
  const host =
    kind === 'llama-server'
      ? createLlamaServerHost(http, { model })
      : createVllmHost(http, { kind, model, root: init.adapterRoot })
  const pool = createAdapterPool({ client, host, store, base: text }, { size: warm, maxRank })
  return { ...text, adapters: pool }
}

const OFF = { extra: { lora: [] } }

function patienceOf({ firstMs, idleMs, wholeMs }: UpstreamInit) {
  return {
    ...(firstMs === undefined ? {} : { firstMs }),
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(wholeMs === undefined ? {} : { wholeMs })
  }
}
