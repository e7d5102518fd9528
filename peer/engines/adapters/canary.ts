import { sha256 } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import type { TextModel } from '../text-model.ts'

/** A question, and the digest of what an adapted model says to it. */
export interface Canary {
  readonly prompt: string
  readonly answer: Uint8Array
}

/** specs/06-model.md §Adapter */
const TOKENS = 16
/** Asked until one of them is answered otherwise than by the base. */
const PROMPTS = [
  'In one sentence: who are you, and what do you know best?',
  'Continue: The most important thing to remember is',
  'List three words.'
] as const

/** What `model` says to a prompt by the likeliest words. */
type Say = (prompt: string) => Promise<string>

/** Looks whether an adapter is at work in a model. */
export interface Canaries {
  /**
   * Refuses an adapted model that answers every question as its base does, and one that answers the
   * card's otherwise than the card says (ADAPTER_REFUSED).
   */
  check(
    adapted: Pick<TextModel, 'generate'>,
    card: Canary | undefined,
    options: { readonly signal: AbortSignal }
  ): Promise<void>
  /** The canary for a card, if the model says the same twice. Refuses as `check` does. */
  make(
    adapted: Pick<TextModel, 'generate'>,
    options: { readonly signal: AbortSignal }
  ): Promise<Canary | undefined>
}

/** Canaries of adapters on `base`, whose answers are asked for once. */
export function createCanaries(base: Pick<TextModel, 'generate'>): Canaries {
  const known = new Map<string, Promise<string>>()

  /** A prompt that the two answer differently, and the adapted answer. */
  async function telling(say: Say, signal: AbortSignal, first: readonly string[] = []) {
    for (const prompt of [...first, ...PROMPTS]) {
      const plain = known.get(prompt) ?? sayer(base, signal)(prompt)
      known.set(prompt, plain)
      plain.catch(() => known.delete(prompt))
      const [without, answer] = [await plain, await say(prompt)]
      if (answer !== without) return { prompt, answer }
    }
    throw new DatanetError('ADAPTER_REFUSED', { reason: 'changes nothing' })
  }

  return {
    async check(adapted, card, { signal }) {
      const say = sayer(adapted, signal)
      const told = await telling(say, signal, card === undefined ? [] : [card.prompt])
      if (card === undefined) return
      const answer = told.prompt === card.prompt ? told.answer : await say(card.prompt)
      if (Buffer.compare(digestOf(answer), card.answer) !== 0) {
        throw new DatanetError('ADAPTER_REFUSED', {
          reason: 'answers otherwise than its card says'
        })
      }
    },
    async make(adapted, { signal }) {
      const say = sayer(adapted, signal)
      const { prompt, answer } = await telling(say, signal)
      return (await say(prompt)) === answer ? { prompt, answer: digestOf(answer) } : undefined
    }
  }
}

function sayer(model: Pick<TextModel, 'generate'>, signal: AbortSignal): Say {
  return async (prompt) => {
    const messages = [{ role: 'user' as const, content: prompt }]
    const request = { messages, maxTokens: TOKENS, temperature: 0 }
    let text = ''
    for await (const piece of model.generate(request, { signal })) text += piece
    return text
  }
}

function digestOf(text: string): Uint8Array {
  return sha256(new TextEncoder().encode(text))
}
