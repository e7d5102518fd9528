import { Option } from 'commander'
import type { AccountSummary } from '../../api/accounts-api.ts'
import type { AskEvent, Citation, ModelSummary, Unanswered } from '../../api/models-api.ts'
import type { CreditLine } from '../../api/money-api.ts'
import { refusal } from '../../api/problem.ts'
import { type CliCommand, command, read } from './command.ts'
import { wrap } from './layout.ts'
import { moneyOf, percent } from './money.ts'
import type { Print } from './print.ts'
import { accountOf, modelOf } from './resolve.ts'
import { short, shortPeer } from './short.ts'

interface AskOptions {
  readonly model?: string
  readonly max?: bigint
  readonly maxTokens?: number
  readonly publish?: boolean
  readonly publishAs?: string
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
    pays: true,
    options: [
      new Option('--model <model>', 'id or name; by default the newest that is offered'),
      new Option('--max <amount>', 'the most this call may cost').argParser(read.amount),
      new Option('--max-tokens <n>', 'the longest answer').argParser(read.count),
      new Option('--no-retry', 'do not ask another provider when one fails'),
      new Option('--publish', 'ask it in public where the model cannot answer'),
      new Option('--publish-as <account>', 'the same, in another name than the peer’s own')
    ],
    async run({ api, args, options, print, whose, signal }) {
      if (args.join(' ').trim() === '') {
        const hint = 'the question is empty: npx datanet ask "What …?"'
        throw refusal('INPUT_INVALID', { param: 'question' }, { hint })
      }
      const listings = await api.models.list()
      const offered = listings.filter(({ offers }) => offers.length > 0)
      const choice = options.model === undefined && offered.length > 0 ? offered : listings
      const models = choice.map((one) => one.model)
      const model = modelOf(models, options.model ?? (await chosen(models, print)))
      const question = {
        model: model.model,
        messages: [{ role: 'user' as const, content: args.join(' ') }],
        retry: options.retry,
        ...(options.max === undefined ? {} : { maxWei: options.max }),
        ...(options.maxTokens === undefined ? {} : { maxOutputTokens: options.maxTokens }),
        ...(options.publish === true || options.publishAs !== undefined
          ? { publishAs: await accountOf(api, options.publishAs) }
          : {})
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
      const { receipt, citations, unanswered } = done
      const shown = {
        ...{ model: model.name, text, citations, receipt, retries },
        ...(unanswered === undefined ? {} : { unanswered })
      }
      await print.show(shown, async () => {
        const money = await moneyOf(api)
        const labels = await api.accounts.list()
        return [
          '',
          ...sources(citations, print.columns),
          wrap(
            `${receipt.outcome} by ${model.name} for ${money(receipt.priceWei)}, ` +
              `of which ${money(receipt.royaltyWei)} royalty`,
            print.columns
          ),
          ...credited(receipt.credits, labels, whose),
          `receipt ${receipt.callId}`,
          ...published(unanswered, whose, print.columns),
          '',
          `Check it: npx datanet receipt verify${whose}`
        ].join('\n')
      })
    }
  })
]

/** On a terminal who sits there says which of several models is meant; else it is the newest. */
async function chosen(
  models: readonly ModelSummary[],
  { prompt, write }: Print
): Promise<string | undefined> {
  const newest = models.toSorted((a, b) => b.publishedAtMs - a.publishedAtMs)
  // A model that was built again under its name is the same to who asks it.
  const named = new Map(newest.toReversed().map((one) => [`${one.issuer} ${one.name}`, one]))
  const several = [...named.values()].toReversed()
  if (prompt === undefined || several.length < 2) return undefined
  const lines = several.map((one, i) => `  ${i + 1}  ${one.name} (${one.topics.join(', ')})`)
  write(`Several models are offered:\n${lines.join('\n')}\n`)
  const said = Number((await prompt('Which one? [1] ')).trim() || 1)
  write('\n')
  return (several[said - 1] ?? several[0])?.model
}

/** What became of a question that was to be asked in public. */
function published(unanswered: Unanswered | undefined, whose: string, width: number): string[] {
  if (unanswered === undefined) return []
  const { bounties, code } = unanswered
  const asked = bounties.map(
    (one) => `It is asked in public: npx datanet bounty show ${short(one)}${whose}`
  )
  const why =
    code === undefined ? [] : [wrap(`It could not be asked in public everywhere: ${code}.`, width)]
  return ['', ...asked, ...why]
}

const CREDITED = 3

/** Who is credited, each account once: those with most. */
function credited(
  credits: readonly CreditLine[],
  labels: readonly AccountSummary[],
  whose: string
): readonly string[] {
  const sums = new Map<string, number>()
  for (const { account = '', ppm } of credits) sums.set(account, (sums.get(account) ?? 0) + ppm)
  const lines = [...sums].toSorted(([, a], [, b]) => b - a)
  const named = lines.slice(0, CREDITED).map(([account, ppm]) => {
    const label = labels.find(({ address }) => address === account)?.label
    const to = account === '' ? 'the common treasury' : short(account)
    return `credited ${percent(ppm)} to ${label === undefined ? to : `${label}, ${to}`}`
  })
  const more = lines.length - named.length
  return more > 0 ? [...named, `and ${more} more: npx datanet receipt show${whose}`] : named
}

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
