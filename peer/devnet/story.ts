import { styleText } from 'node:util'
import { formatWei, PPM } from '../../protocol/base/units.ts'
import type { Balance } from './balances.ts'
import { columns, paragraph } from './layout.ts'
import type { Step } from './steps.ts'

const SYMBOL = 'DNC'

/** Each step as a person can follow it: who did what, what it cost, where the money went. */
export function tellStep(step: Step): string {
  switch (step.step) {
    case 'world':
      return [
        heading('A world of its own'),
        paragraph(
          `An Ethereum chain runs inside this process (chain id ${step.network.contracts.chainId}), ` +
            `with the registry, escrow, reward pool and a play-money token, ${SYMBOL}.`
        ),
        ...(step.isKept
          ? [paragraph(`It was kept from an earlier run in ${step.dir} and goes on from there.`)]
          : [])
      ].join('\n')
    case 'participants':
      return [
        paragraph(
          'Four participants start, each a process with its own keys and store. They are told only ' +
            'whom to join by, where the chain is, and a topic; the rest they find out from each other.'
        ),
        ...step.participants.map(
          ({ role, pid, peerId, account }) =>
            `    ${role.padEnd(13)} ${dim(`process ${pid}, peer …${peerId.slice(-8)}, account ${short(account)}`)}`
        )
      ].join('\n')
    case 'founded':
      return [heading('1  Contribute'), tellDatanet(step)].join('\n')
    case 'contributed':
      return [
        paragraph(
          `${step.contributors.length} contributors find it by topic and ${tellAdded(step)}:`
        ),
        columns(
          step.contributors
            .toSorted((a, b) => b.contributions - a.contributions)
            .map(({ label, contributions }) => `${label} ${dim(`× ${contributions}`)}`)
        )
      ].join('\n')
    case 'reviewed':
      return [
        heading('2  Organise'),
        step.approved + step.rejected === 0
          ? '  Nothing waits for the curators’ review.'
          : `  The curators review what is new: ${step.approved} approved, ${step.rejected} rejected.`
      ].join('\n')
    case 'published':
      return paragraph(
        `Revision ${step.revision.ordinal} with ${step.revision.rows} rows is a UnixFS directory ` +
          `${dim(`(${short(step.revision.content)})`)}, and its digest is anchored on chain by the ` +
          'curators’ signatures.'
      )
    case 'fetched': {
      const { bulk, bitswap } = step.revision.blocks
      const came = bulk + bitswap === 0 ? 'has it already' : `fetches ${bulk + bitswap} blocks`
      const way = bitswap > 0 ? ` (${bulk} in bulk, ${bitswap} by bitswap)` : ''
      return [
        heading('3  Build'),
        paragraph(
          `The provider finds the Datanet over the DHT, ${came}${way}, and checks the anchor, the ` +
            `Merkle root and ${step.revision.rows} signatures by ${step.revision.contributors} contributors.`
        )
      ].join('\n')
    }
    case 'served':
      return tellModel(step)
    case 'discovered': {
      const count = step.models.length
      return [
        heading('4  Use'),
        paragraph(
          `The agent finds ${count === 1 ? 'the model' : `${count} models`} by topic over the DHT` +
            `${count === 1 ? '' : ', takes the newest'} and pays through a channel. Nothing is ` +
            'served on credit: each chunk is paid by a signed voucher before it leaves.'
        )
      ].join('\n')
    }
    case 'asked':
      return tellAnswer(step)
    case 'claimed': {
      const { claimedWei, royaltyWei } = step.claim
      const aheadWei = claimedWei - step.spentWei
      return [
        heading('5  Reward'),
        paragraph(
          `The provider claims its vouchers on chain: ${money(claimedWei)}, of which ` +
            `${money(royaltyWei)} go to the reward pool.` +
            (aheadWei > 0n
              ? ` ${money(aheadWei)} of it are paid ahead: credit of the agent on its channel.`
              : '')
        )
      ].join('\n')
    }
    case 'posted':
      return [
        ...step.drops.map(({ totalWei, accounts }) =>
          paragraph(
            `It posts a drop ${step.isKept ? 'that now comes to' : 'of'} ${money(totalWei)} for ` +
              `${accounts} accounts, computed from the receipts alone.`
          )
        ),
        `  The curators can veto it for ${step.delayS} seconds; then everyone claims.`
      ].join('\n')
    case 'paid':
      return [balances(step.balances), verdict(step.isConserved)].join('\n')
    case 'summary': {
      const { summary: s } = step
      return [
        heading('That was the loop'),
        paragraph(
          `${s.contributions} contributions → ${s.calls} calls, ${s.answered} answered and ` +
            `${s.abstained} abstained → ${money(s.paidWei)} paid, ${money(s.claimedWei)} back ` +
            'with the people behind it.'
        ),
        dim(`  ${(s.durationMs / 1_000).toFixed(1)} s`)
      ].join('\n')
    }
  }
}

function tellDatanet({ datanet, isNew }: Extract<Step, { step: 'founded' }>): string {
  const { name, id, curators, threshold, royalty } = datanet
  return paragraph(
    `The host ${isNew ? 'founds' : 'founded'} the Datanet ${bold(name)} ${dim(`(${short(id)})`)} on ` +
      `chain${isNew ? '' : ' in an earlier run'}: ${curators.length} curators, ${threshold} must ` +
      `agree; of every call ${percent(royalty.royaltyPpm)} is royalty, and ` +
      `${percent(royalty.contributorsPpm)} of that is for the contributions used.`
  )
}

function tellAdded({ contributions, added }: Extract<Step, { step: 'contributed' }>): string {
  const count = bold(String(contributions))
  if (added === 0) return `hold ${count} contributions there already`
  if (added === contributions) return `hand in ${count} contributions, each signed`
  return `hold ${count} contributions there, ${added} of them new and signed now`
}

function tellModel({ model, offer, isNew }: Extract<Step, { step: 'served' }>): string {
  const missing = model.notes.includes('EMBEDDINGS_MISSING')
  const { falseAnswers, questions } = model.evaluation
  return paragraph(
    `It ${isNew ? 'builds' : 'has built'} ${bold(model.name)}: a ${model.engine} model that answers ` +
      'in the contributors’ own sentences' +
      `${missing ? ' (by words alone: the embedding packages are not installed)' : ''}, and stays ` +
      `silent when the Datanet does not know: ${falseAnswers} false answers to ${questions} trial ` +
      `questions. It offers answers at ${money(offer.callWei)} a call and ` +
      `${money(offer.outputTokenWei)} a token.`
  )
}

function tellAnswer({ answer, credited, drawn }: Extract<Step, { step: 'asked' }>): string {
  const { question, text, receipt, citations, retries } = answer
  const top = receipt.credits[0]
  const [source] = citations
  const toWhom =
    top?.account === undefined
      ? 'credited to nobody in particular'
      : `${percent(top.ppm)} credited to ${credited ?? short(top.account)}`
  return [
    paragraph(question, '    ', `  ${bold('?')} `),
    paragraph(text, '    '),
    ...(source === undefined
      ? []
      : [paragraph(dim(`[1] ${source.title} — ${source.sourceUrl ?? ''}`), '    ')]),
    ...retries.map(({ provider, code }) =>
      styleText('yellow', `    provider …${provider.slice(-8)} failed (${code}); asked another`)
    ),
    paragraph(
      `${styleText('green', receipt.outcome)}, ${money(receipt.priceWei)}, ${toWhom}` +
        `${noteOn(receipt.outcome, drawn)} ${dim(`· receipt ${receipt.callId.slice(0, 8)}`)}`,
      '    '
    )
  ].join('\n')
}

/** What those who drew a question know of the right answer. */
function noteOn(outcome: string, drawn: Extract<Step, { step: 'asked' }>['drawn']): string {
  if (drawn?.isAnswerable === false) {
    return outcome === 'abstained'
      ? ', as it should: nobody contributed this'
      : ', though nobody contributed this'
  }
  return drawn?.isCreditCorrect === true ? ', whose text the question was drawn from' : ''
}

function balances(rows: readonly Balance[]): string {
  const shown = rows.filter(({ beforeWei, afterWei }) => beforeWei !== afterWei)
  const table = shown.map(({ label, beforeWei, afterWei }) => [
    label,
    formatWei(beforeWei),
    formatWei(afterWei),
    signed(afterWei - beforeWei)
  ])
  const sumWei = rows.reduce((sum, { beforeWei, afterWei }) => sum + afterWei - beforeWei, 0n)
  const all = [
    ['', 'before', 'after', `change in ${SYMBOL}`],
    ...table,
    ['sum', '', '', signed(sumWei)]
  ]
  const widths = [0, 1, 2, 3].map((i) => Math.max(...all.map((row) => (row[i] ?? '').length)))
  return all
    .map((row, index) => {
      const line = row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('   ')
      return `    ${index === 0 ? dim(line) : line}`
    })
    .join('\n')
}

function verdict(isConserved: boolean): string {
  return isConserved
    ? `  ${styleText('green', '✓')} By the chain’s own balances, every unit went where the receipts say.`
    : `  ${styleText('red', '✗')} The balances on chain do not add up to what the receipts say.`
}

function heading(text: string): string {
  return `\n${bold(text)}`
}

function bold(text: string): string {
  return styleText('bold', text)
}

function dim(text: string): string {
  return styleText('dim', text)
}

function money(amountWei: bigint): string {
  return formatWei(amountWei, SYMBOL)
}

function signed(amountWei: bigint): string {
  return amountWei > 0n ? `+${formatWei(amountWei)}` : formatWei(amountWei)
}

function percent(ppm: number): string {
  return `${Number(((ppm * 100) / PPM).toFixed(1))} %`
}

/** The ends of an id: enough to recognise it. */
function short(id: string): string {
  return `${id.slice(0, 8)}…${id.slice(-4)}`
}
