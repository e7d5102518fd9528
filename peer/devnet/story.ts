import { stripVTControlCharacters, styleText } from 'node:util'
import { formatWei, PPM } from '../../protocol/base/units.ts'
import type { Balance } from './balances.ts'
import type { Step } from './steps.ts'

const SYMBOL = 'DNC'

/** Each step as a person can follow it: who did what, what it cost, where the money went. */
export function tellStep(step: Step): string {
  switch (step.step) {
    case 'world':
      return [
        heading('A world of its own'),
        `  An Ethereum chain runs inside this process (chain id ${step.network.contracts.chainId}), with the`,
        `  registry, escrow, reward pool and a play-money token, ${SYMBOL}.`,
        ...(step.isKept
          ? [`  It was kept from an earlier run in ${step.dir} and goes on from there.`]
          : [])
      ].join('\n')
    case 'participants':
      return [
        '  Four participants start, each a process with its own keys and store. They are told only',
        '  whom to join by, where the chain is, and a topic; the rest they find out from each other.',
        ...step.participants.map(
          ({ role, pid, peerId, account }) =>
            `    ${role.padEnd(13)} ${dim(`process ${pid}, peer …${peerId.slice(-8)}, account ${short(account)}`)}`
        )
      ].join('\n')
    case 'founded':
      return [
        heading('1  Contribute'),
        `  The host founds the Datanet ${bold(step.datanet.name)} ${dim(`(${short(step.datanet.id)})`)} on chain:`,
        `  ${step.datanet.curators.length} curators, ${step.datanet.threshold} must agree; of every call ` +
          `${percent(step.datanet.royalty.royaltyPpm)} is royalty, and ` +
          `${percent(step.datanet.royalty.contributorsPpm)} of that is for the contributions used.`
      ].join('\n')
    case 'contributed':
      return [
        `  ${step.contributors.length} contributors find it by topic and hold ${bold(String(step.contributions))} ` +
          `contributions there${step.added < step.contributions ? `, ${step.added} of them new` : ''}, each signed:`,
        ...columns(
          step.contributors
            .toSorted((a, b) => b.contributions - a.contributions)
            .map(({ label, contributions }) => `${label} ${dim(`× ${contributions}`)}`)
        )
      ].join('\n')
    case 'reviewed':
      return [
        heading('2  Organise'),
        `  The curators review what is new: ${step.approved} approved, ${step.rejected} rejected.`
      ].join('\n')
    case 'published':
      return (
        `  Revision ${step.revision.ordinal} with ${step.revision.rows} rows is a UnixFS directory ` +
        `${dim(`(${short(step.revision.content)})`)},\n  and its digest is anchored on chain by the curators’ signatures.`
      )
    case 'fetched': {
      const { bulk, bitswap } = step.revision.blocks
      const came = bulk + bitswap === 0 ? 'has it already' : `fetches ${bulk + bitswap} blocks`
      const way = bitswap > 0 ? ` (${bulk} in bulk, ${bitswap} by bitswap)` : ''
      return [
        heading('3  Build'),
        `  The provider finds the Datanet over the DHT, ${came}${way}, and checks the anchor,`,
        `  the Merkle root and ${step.revision.rows} signatures by ${step.revision.contributors} contributors.`
      ].join('\n')
    }
    case 'served': {
      const { model, offer } = step
      const missing = model.notes.includes('EMBEDDINGS_MISSING')
      return [
        `  It builds ${bold(model.name)}: a ${model.engine} model that answers in the contributors’ own sentences` +
          `${missing ? ' (by words alone: the embedding packages are not installed)' : ''},`,
        `  and stays silent when the Datanet does not know: ${model.evaluation.falseAnswers} false answers to ` +
          `${model.evaluation.questions} trial questions.`,
        `  It offers answers at ${money(offer.callWei)} a call and ${money(offer.outputTokenWei)} a token.`
      ].join('\n')
    }
    case 'discovered':
      return [
        heading('4  Use'),
        `  The agent finds ${step.models.length === 1 ? 'the model' : `${step.models.length} models`} by topic over the DHT and opens a payment channel.`,
        '  Nothing is served on credit: each chunk is paid by a signed voucher before it leaves.'
      ].join('\n')
    case 'asked':
      return tellAnswer(step)
    case 'claimed':
      return [
        heading('5  Reward'),
        `  The provider claims its vouchers on chain: ${money(step.claim.claimedWei)}, of which ` +
          `${money(step.claim.royaltyWei)} go to the reward pool.`
      ].join('\n')
    case 'posted':
      return (
        step.drops
          .map(
            ({ totalWei, accounts }) =>
              `  It posts a drop of ${money(totalWei)} for ${accounts} accounts, computed from the receipts alone.`
          )
          .join('\n') +
        `\n  The curators can veto it for ${step.delayS} seconds; then everyone claims.`
      )
    case 'paid':
      return [balances(step.balances), verdict(step.isConserved)].join('\n')
    case 'summary': {
      const { summary: s } = step
      return [
        heading('That was the loop'),
        `  ${s.contributions} contributions → ${s.calls} calls, ${s.answered} answered and ${s.abstained} abstained → ` +
          `${money(s.paidWei)} paid, ${money(s.claimedWei)} of it back with the people behind it.`,
        dim(`  ${(s.durationMs / 1_000).toFixed(1)} s`)
      ].join('\n')
    }
  }
}

function tellAnswer(step: Extract<Step, { step: 'asked' }>): string {
  const { answer, credited, drawn } = step
  const { receipt, citations } = answer
  const top = receipt.credits[0]
  const source = citations[0]
  const lines = [
    `  ${bold('?')} ${answer.question}`,
    ...wrapped(answer.text.trim(), 92).map((line) => `    ${line}`)
  ]
  if (source !== undefined) lines.push(dim(`    [1] ${source.title} — ${source.sourceUrl ?? ''}`))
  const toWhom =
    top?.account === undefined
      ? 'credited to nobody in particular'
      : `${percent(top.ppm)} credited to ${credited ?? short(top.account)}`
  const note =
    drawn === undefined
      ? ''
      : drawn.isAnswerable
        ? drawn.isCreditCorrect
          ? ', whose text the question was drawn from'
          : ''
        : ', as it should: nobody contributed this'
  for (const { provider, code } of answer.retries) {
    lines.push(
      `    ${styleText('yellow', `provider …${provider.slice(-8)} failed (${code}); asked another`)}`
    )
  }
  lines.push(
    `    ${styleText('green', receipt.outcome)}, ${money(receipt.priceWei)}, ${toWhom}${note} ` +
      dim(`receipt ${receipt.callId.slice(0, 8)}`)
  )
  return lines.join('\n')
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

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}

function columns(items: readonly string[]): string[] {
  const width = Math.max(...items.map((item) => stripVTControlCharacters(item).length)) + 3
  const perLine = Math.max(1, Math.floor(96 / width))
  const lines: string[] = []
  for (let at = 0; at < items.length; at += perLine) {
    const cells = items
      .slice(at, at + perLine)
      .map((item) => item + ' '.repeat(width - stripVTControlCharacters(item).length))
    lines.push(`    ${cells.join('')}`.trimEnd())
  }
  return lines
}
