import { Option } from 'commander'
import type { AskEvent, Citation } from '../../api/models-api.ts'
import { refusal } from '../../api/problem.ts'
import { type CliCommand, command, read } from './command.ts'
import { wrap } from './layout.ts'
import { moneyOf, percent } from './money.ts'
import { modelOf } from './resolve.ts'
import { short, shortPeer } from './short.ts'

interface AskOptions {
  readonly model?: string
  readonly max?: bigint
  readonly maxTokens?: number
  /** False after `--no-retry`. */
  readonly retry: boolean
}

type Done = Extract<AskEvent, { type: 'done' }>

/** `datanet ask`: a question, paid for chunk by chunk. */
export const askCommands: readonly CliCommand[] = [
  command<AskOptions>({
    name: 'ask',
    summary: 'ask a model and pay for its answer',
    args: '<question...>',
    options: [
      new Option('--model <model>', 'id or name; by default the newest that is offered'),
      new Option('--max <amount>', 'the most this call may cost').argParser(read.amount),
      new Option('--max-tokens <n>', 'the longest answer').argParser(read.count),
      new Option('--no-retry', 'do not ask another provider when one fails')
    ],
    async run({ api, args, options, print, signal }) {
      const listings = await api.models.list()
      const offered = listings.filter(({ offers }) => offers.length > 0)
      const choice = options.model === undefined && offered.length > 0 ? offered : listings
      const model = modelOf(
        choice.map((one) => one.model),
        options.model
      )
      const question = {
        model: model.model,
        messages: [{ role: 'user' as const, content: args.join(' ') }],
        retry: options.retry,
        ...(options.max === undefined ? {} : { maxWei: options.max }),
        ...(options.maxTokens === undefined ? {} : { maxOutputTokens: options.maxTokens })
      }
      const flow = flowing(print.columns, print.write)
      const retries: Array<{ provider: string; code: string }> = []
      let text = ''
      let done: Done | undefined
      try {
        for await (const event of api.models.ask(question, { signal })) {
          if (event.type === 'chunk') {
            text += event.text
            flow.write(event.text)
          } else if (event.type === 'retrying') {
            retries.push({ provider: event.provider, code: event.code })
            text = ''
            flow.end()
            print.write(
              `\n(${shortPeer(event.provider)} failed: ${event.code}; asking another)\n\n`
            )
          } else if (event.type === 'done') done = event
        }
      } finally {
        flow.end()
      }
      if (done === undefined) throw refusal('PEER_GONE', {})
      const { receipt, citations } = done
      await print.show({ model: model.name, text, citations, receipt, retries }, async () => {
        const money = await moneyOf(api)
        const [first] = receipt.credits.toSorted((a, b) => b.ppm - a.ppm)
        const credit =
          first?.account === undefined
            ? ''
            : `; ${percent(first.ppm)} credited to ${short(first.account)}`
        return [
          '',
          ...sources(citations, print.columns),
          wrap(
            `${receipt.outcome} by ${model.name} for ${money(receipt.priceWei)}, ` +
              `of which ${money(receipt.royaltyWei)} royalty${credit}`,
            print.columns
          ),
          `receipt ${receipt.callId}`
        ].join('\n')
      })
    }
  })
]

function sources(citations: readonly Citation[], width: number): string[] {
  if (citations.length === 0) return []
  const lines = citations.map(({ mark, title, sourceUrl }) =>
    wrap(`[${mark}] ${title}${sourceUrl === undefined ? '' : ` — ${sourceUrl}`}`, width, '    ')
  )
  return ['Sources', ...lines, '']
}

/** Writes text as it comes and breaks its lines at words, `width` wide. */
function flowing(width: number, write: (text: string) => void) {
  let at = 0
  let word = ''
  const put = () => {
    if (at > 0 && at + 1 + word.length > width) {
      write('\n')
      at = 0
    }
    write(at > 0 ? ` ${word}` : word)
    at += (at > 0 ? 1 : 0) + word.length
    word = ''
  }
  return {
    write(text: string) {
      for (const piece of text.split(/(\s+)/)) {
        if (!/^\s/.test(piece)) word += piece
        else {
          if (word !== '') put()
          const breaks = piece.split('\n').length - 1
          if (breaks > 0 && at > 0) write('\n'.repeat(Math.min(breaks, 2)))
          if (breaks > 0) at = 0
        }
      }
    },
    end() {
      if (word !== '') put()
      if (at > 0) write('\n')
      at = 0
    }
  }
}
