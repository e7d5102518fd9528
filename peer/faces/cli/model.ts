import { Option } from 'commander'
import type { ModelListing, ModelSummary, OfferSummary } from '../../api/models-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { buildModel } from './building.ts'
import { type CliCommand, command, read } from './command.ts'
import { fields, table } from './layout.ts'
import { moneyOf, percent } from './money.ts'
import { accountOf, datanetOf, modelOf, ownAccount } from './resolve.ts'
import { PRICE_TEXT } from './serving.ts'
import { minute, short } from './short.ts'

interface BuildOptions {
  readonly datanet?: string
  readonly name?: string
  readonly description?: string
  readonly account?: string
  readonly upstream?: string
  readonly adapter?: string
}

interface ServeOptions {
  readonly call: bigint
  readonly inputToken: bigint
  readonly outputToken: bigint
  readonly account?: string
  readonly timeout?: number
}

/** `datanet model …`: building on a Datanet and serving what was built. */
export const modelCommands: readonly CliCommand[] = [
  command<BuildOptions>({
    name: 'model build',
    summary: 'build a model on the newest revision of a Datanet',
    options: [
      new Option('--datanet <datanet>', 'id or name; needless where only one is known'),
      new Option('--name <text>', 'what callers name it by'),
      new Option('--description <text>', 'what it answers'),
      new Option('--account <account>', 'the builder, who earns a share (builder)'),
      new Option('--upstream <name>', 'a language model of the settings that answers'),
      new Option('--adapter <folder>', 'an adapter for it: a folder where the peer runs')
    ],
    async run({ api, options, print, signal }) {
      const datanet = await datanetOf(api, options.datanet)
      const { peerId } = await api.status()
      const waiting = { signal, onProgress: print.progress }
      if (datanet.intakeHost !== peerId) await api.datanets.fetch(datanet.id, waiting)
      const { account, ...named } = options
      const builder = account === undefined ? {} : { account: await accountOf(api, account) }
      const built = await buildModel(api, datanet, { ...named, ...builder }, waiting)
      await print.show(
        built,
        (one) => `Built “${one.name}” from “${datanet.name}”.\n\n${describe(one, print.columns)}`
      )
    }
  }),
  command({
    name: 'model adopt',
    summary: 'build a model of another peer again, to serve it as well',
    args: '<model>',
    async run({ api, args, print, whose, signal }) {
      const met = (await api.models.list()).map(({ model }) => model)
      const { model } = modelOf(met, args[0])
      const adopted = await api.models.adopt(model, { signal, onProgress: print.progress })
      await print.show(adopted, (one) =>
        [
          `“${one.name}” was built again from its revision, and is the same to the byte.`,
          '',
          describe(one, print.columns),
          '',
          'Its builder still earns a share. Now serve it:',
          '',
          `  npx datanet model serve ${short(one.model)}${whose}`
        ].join('\n')
      )
    }
  }),
  command({
    name: 'model retire',
    summary: 'offer a model no more',
    args: '<model>',
    async run({ api, args, print, signal }) {
      const model = modelOf(await api.models.built(), args[0], 'it is not served here')
      await print.show(
        await api.models.retire(model.model, { signal }),
        () => `“${model.name}” is offered no more; calls under way are finished.`
      )
    }
  }),
  command({
    name: 'model list',
    summary: 'the models built here and met on the network',
    async run({ api, print }) {
      await print.list(await listings(api), (all) => modelTable(api, all, print.columns))
    }
  }),
  command({
    name: 'model show',
    summary: 'one model and the offers for it',
    args: '[model]',
    async run({ api, args, print }) {
      const all = await listings(api)
      const model = modelOf(
        all.map((one) => one.model),
        args[0]
      )
      const found = all.find((one) => one.model.model === model.model) ?? { model, offers: [] }
      await print.show(found, async ({ offers }) => {
        const rows = await offerRows(api, offers, print.columns)
        return [describe(model, print.columns), ...(rows === '' ? [] : ['', rows])].join('\n')
      })
    }
  }),
  command<ServeOptions>({
    name: 'model serve',
    summary: 'offer a model that was built here, and keep the offer fresh',
    args: '[model]',
    options: [
      price('--call <amount>', 'for a call', PRICE_TEXT.call),
      price('--input-token <amount>', 'for a token of the question', PRICE_TEXT.inputToken),
      price('--output-token <amount>', 'for a token of the answer', PRICE_TEXT.outputToken),
      new Option('--account <account>', 'who serves (builder)'),
      new Option('--timeout <seconds>', 'how long one answer may take (110)').argParser(Number)
    ],
    async run({ api, args, options, print, signal }) {
      const model = modelOf(
        await api.models.built(),
        args[0],
        'build it first: datanet model build'
      )
      const offer = await api.models.serve(
        {
          model: model.model,
          account: await builderOf(api, options.account),
          callWei: options.call,
          inputTokenWei: options.inputToken,
          outputTokenWei: options.outputToken,
          ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout * 1_000 })
        },
        { signal }
      )
      await print.show(
        offer,
        async (one) =>
          `“${model.name}” is offered.\n\n${await offerRows(api, [one], print.columns)}`
      )
    }
  })
]

/** Models as rows, with the lowest price of a call among their offers. */
export async function modelTable(
  api: PeerApi,
  all: readonly ModelListing[],
  width: number
): Promise<string> {
  const money = await moneyOf(api)
  const lowest = (offers: readonly OfferSummary[]) =>
    offers.map(({ callWei }) => callWei).reduce((a, b) => (b < a ? b : a))
  return table(
    [
      { head: 'MODEL', isWhole: true },
      { head: 'NAME' },
      { head: 'ENGINE' },
      { head: 'TOPICS' },
      { head: 'A CALL FROM', isRight: true },
      { head: 'OFFERS', isRight: true }
    ],
    all.map(({ model, offers }) => [
      short(model.model),
      model.name,
      model.engine,
      model.topics.join(', '),
      offers.length === 0 ? '–' : money(lowest(offers)),
      String(offers.length)
    ]),
    { width, empty: 'No model is known here. Look for one: datanet search <topic>' }
  )
}

async function listings(api: PeerApi): Promise<readonly ModelListing[]> {
  const met = await api.models.list()
  const known = new Set(met.map(({ model }) => model.model))
  const built = (await api.models.built()).filter(({ model }) => !known.has(model))
  return [...built.map((model) => ({ model, offers: [] })), ...met]
}

async function offerRows(
  api: PeerApi,
  offers: readonly OfferSummary[],
  width: number
): Promise<string> {
  const money = await moneyOf(api)
  return offers
    .map((one) =>
      fields(
        [
          ['offer', one.offer],
          ['provider', one.provider],
          [
            'price',
            `${money(one.callWei)} a call, ${money(one.inputTokenWei)} a token asked, ` +
              `${money(one.outputTokenWei)} a token answered`
          ],
          ['royalty', percent(one.royaltyPpm)],
          ['until', minute(one.expiresAtMs)]
        ],
        width
      )
    )
    .join('\n\n')
}

function describe(one: ModelSummary, width: number): string {
  const { questions, falseAnswers } = one.evaluation
  return fields(
    [
      ['model', one.model],
      ['name', one.name],
      ['description', one.description],
      ['engine', one.engine],
      ['base', one.base ?? ''],
      ['adapter', one.adapter ?? ''],
      ['topics', one.topics.join(', ')],
      ['datanets', one.datanets.join(', ')],
      ['builder', one.builder],
      ['issuer', one.issuer],
      ['trial', `${falseAnswers} false answers to ${questions} questions`],
      ['notes', one.notes.join(', ')],
      ['built', minute(one.publishedAtMs)]
    ],
    width
  )
}

async function builderOf(api: PeerApi, named?: string): Promise<string> {
  return named === undefined ? ownAccount(api, 'builder') : accountOf(api, named)
}

function price(flags: string, what: string, standard: string): Option {
  return new Option(flags, what).argParser(read.amount).default(read.amount(standard), standard)
}
