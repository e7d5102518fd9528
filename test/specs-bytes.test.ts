import { parseAbi } from 'abitype'
import { FunctionFragment, Interface } from 'ethers'
import { describe, expect, test } from 'vitest'
import { BountyEscrow } from '../protocol/contracts/abi/BountyEscrow.ts'
import { ChannelEscrow } from '../protocol/contracts/abi/ChannelEscrow.ts'
import { DatanetRegistry } from '../protocol/contracts/abi/DatanetRegistry.ts'
import { RewardPool } from '../protocol/contracts/abi/RewardPool.ts'
import { PAGES, page, section } from './spec-pages.ts'
import { hex, vectors } from './vector-cases.ts'

/** The fenced blocks of `words` in the language `kind`: what stands behind it, and the lines. */
function blocks(words: string, kind: string): { head: string; lines: string[] }[] {
  return [...words.matchAll(new RegExp(`^\`\`\`${kind}(.*)\\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, head, body]) => ({ head: `${head}`.trim(), lines: `${body}`.trimEnd().split('\n') })
  )
}

describe('bytes on the pages are those of the vectors', () => {
  const shown = [...PAGES].flatMap(([name, words]) =>
    blocks(words, 'hex').map(({ head, lines }) => ({ name, head, lines }))
  )

  test('there are some on every page with an exchange', () => {
    const names = new Set(shown.map(({ name }) => name.slice(0, 2)))
    expect([...names].sort()).toEqual(['04', '05', '06', '07', '08', '09'])
  })

  test.each(shown)('$name $head', ({ head, lines }) => {
    const [file, at] = head.split(' ') as [string, string]
    const path = /^\d+$/.test(at) ? `frames.${at}.bytes` : at
    const value = path.split('.').reduce((inner, key) => inner[key], vectors(file))
    const bytes = typeof value === 'string' ? value : hex(value)
    // Two spaces and what follows explain the bytes before them; … leaves bytes out.
    const stated = lines.map((line) => line.split(/ {2,}/)[0]).join('')
    const parts = stated.replaceAll(' ', '').split('…')
    let rest = bytes
    for (const [i, part] of parts.entries()) {
      const from = i === 0 ? 0 : rest.indexOf(part)
      expect([part, rest.slice(from).startsWith(part)]).toEqual([part, true])
      rest = rest.slice(from + part.length)
    }
    expect(parts.at(-1) === '' || rest === '').toBe(true)
  })
})

describe('contracts on the pages are those of the ABI', () => {
  // Names are for readers; types, results, mutability and what is indexed bind.
  const form = (abi: Interface) =>
    abi.fragments
      .flatMap((fragment) => {
        if (fragment.type === 'event') {
          const indexed = fragment.inputs.map((input) => ((input.indexed ?? false) ? '*' : ''))
          return `event ${fragment.format('sighash')} ${indexed.join(' ')}`
        }
        if (!FunctionFragment.isFragment(fragment)) return []
        const results = fragment.outputs.map((output) => output.format('sighash'))
        return `${fragment.format('sighash')} ${fragment.stateMutability} ${results.join(' ')}`
      })
      // Of OpenZeppelin's EIP712, constants, and what a pool knows of its makers.
      .filter((one) => !/^(event )?(eip712Domain|EIP712|[A-Z_]+\(|registry\(|escrow\()/.test(one))
      .sort()
  test.each([
    ['04', 'Registry', DatanetRegistry.abi],
    ['04', 'Bounty escrow', BountyEscrow.abi],
    ['07', 'Escrow', ChannelEscrow.abi],
    ['09', 'Pool', RewardPool.abi]
  ] as const)('%s %s', (number, title, abi) => {
    const [block] = blocks(section(page(number), title), 'solidity')
    expect(form(new Interface(parseAbi(block?.lines ?? []) as never))).toEqual(
      form(new Interface(abi as never))
    )
  })
})
