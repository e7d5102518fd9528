import type { TextModel } from '../text-model.ts'
import { createChatClient } from './chat-client.ts'
import type { UpstreamInit } from './upstream-init.ts'

/** The base model of a server of the OpenAI API. */
export function createUpstreamModel(init: UpstreamInit): TextModel {
  const { url = '', apiKey, base, model = base } = init
  const client = createChatClient({ url, apiKey, patience: patienceOf(init) })
  return {
    kind: 'openai',
    base,
    forms: true,
    generate: (request, { signal }) => client.chat(request, { model }, { signal })
  }
}

/** The waits that its operator set; the others have defaults. */
export function patienceOf({ firstMs, idleMs, wholeMs }: UpstreamInit) {
  return {
    ...(firstMs === undefined ? {} : { firstMs }),
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(wholeMs === undefined ? {} : { wholeMs })
  }
}
