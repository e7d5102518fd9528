import type { BountySummary } from '../../api/bounties-api.ts'
import { fields, table, wrap } from './layout.ts'
import { minute, short } from './short.ts'

/** What texts about bounties are written with. */
export interface BountyWords {
  readonly money: (amountWei: bigint) => string
  readonly whose: string
}

/** Bounties as rows, and how to answer one. */
export function bountyTable(
  all: readonly BountySummary[],
  { name, money, whose }: BountyWords & { readonly name: string },
  width: number
): string {
  const rows = table(
    [
      { head: 'BOUNTY', isWhole: true },
      { head: 'LOCKED', isRight: true },
      { head: 'STATE', isWhole: true },
      { head: 'UNTIL', isWhole: true },
      { head: 'QUESTION' }
    ],
    all.map((one) => [
      short(one.bounty),
      one.lockedWei === 0n ? '–' : money(one.lockedWei),
      one.isListed || one.state !== 'open' ? one.state : 'not listed',
      minute(one.expiresAtMs).slice(0, 10),
      one.question
    ]),
    { width, empty: wrap(`Nobody asks “${name}” anything in public. ${HOW}`, width) }
  )
  if (all.every(({ state }) => state !== 'open')) return rows
  return `${rows}\n\nAnswer one:\n  npx datanet bounty fill <bounty> "…"${whose}`
}

const HOW = 'datanet bounty open "…?" does, and so does datanet ask --publish "…?"'

/** One bounty in full, and what can be done next. */
export function bountyText(
  one: BountySummary,
  { money, whose }: BountyWords,
  width: number
): string {
  const { budgetWei, filled } = one
  const about = fields(
    [
      ['bounty', one.bounty],
      ['question', one.question],
      ['wanted', `${one.schemas.join(', ')}, in ${one.language}`],
      ['asked by', one.requester],
      ['state', one.isListed || one.state !== 'open' ? one.state : 'not listed'],
      ['until', minute(one.expiresAtMs)],
      ['promised', budgetWei === undefined ? '' : money(budgetWei)],
      ['locked', money(one.lockedWei)],
      ['you gave', one.givenWei === 0n ? '' : money(one.givenWei)],
      ['paid', filled === undefined ? '' : `${money(filled.amountWei)} to ${filled.account}`],
      ...one.answers.map(({ contribution, status }): [string, string] => [
        'answer',
        `${short(contribution)}, ${status}`
      ]),
      ...one.approvals.map(({ contribution, curators }): [string, string] => [
        'approved',
        `${short(contribution)} by ${curators.length} of ${one.needed} curators`
      ])
    ],
    width
  )
  const next = nextOf(one, whose)
  return next === undefined
    ? about
    : `${about}\n\n${wrap(next.why, width)}\n  npx datanet ${next.run}`
}

/** What whoever looks at it can do. */
function nextOf(one: BountySummary, whose: string): { why: string; run: string } | undefined {
  const named = short(one.bounty)
  if (one.state === 'filled') {
    const account = one.filled?.account ?? '<account>'
    return {
      why: 'Its author is credited on chain; anyone can have it paid out:',
      run: `bounty claim ${account}${whose}`
    }
  }
  if (one.state === 'expired') {
    if (one.givenWei === 0n) return undefined
    return { why: 'Nobody earned it; it comes back by:', run: `bounty refund ${named}${whose}` }
  }
  if (one.state !== 'open') return undefined
  if (!one.isListed && one.budgetWei !== undefined && one.lockedWei < one.budgetWei) {
    return {
      why: 'It is listed once what it promises is locked:',
      run: `bounty fund ${named} <amount>${whose}`
    }
  }
  if (one.answers.some(({ status }) => status === 'accepted')) {
    return {
      why: 'Once a revision holds the answer, curators have its author paid:',
      run: `bounty approve ${named}${whose}`
    }
  }
  return { why: 'Whoever knows answers it:', run: `bounty fill ${named} "…"${whose}` }
}
