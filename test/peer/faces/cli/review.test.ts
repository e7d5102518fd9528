import { describe, expect, test } from 'vitest'
import { CURATOR, cli, scriptedPeer } from './scripted-peer.ts'

const accounts = [{ address: CURATOR, label: 'curator' }]
const judge = (words: readonly string[], peer = scriptedPeer({ accounts })) =>
  cli(peer, ['review', ...words], { columns: 80 }).then((said) => ({ ...said, did: peer.did }))

describe('review next', () => {
  test('shows an item, and what can be said of it', async () => {
    const { out } = await judge(['next'])
    expect(out).toContain('Sourdough\nAbout Sourdough.\nCC0-1.0, en, text/1\nyours until 20')
    expect(out).toContain('npx datanet review approve bafyreipending0')
    expect(out).toContain('--code unclear --reason')
  })

  test('takes several, one a line for programs', async () => {
    const { out } = await judge(['next', '--most', '2', '--json'])
    const items = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(items.map(({ title }) => title)).toEqual(['Sourdough', 'Rye'])
  })
})

describe('a verdict', () => {
  test('is on the item that is named, or on the only one at hand', async () => {
    const { did, out } = await judge(['approve', 'bafyreipending1'])
    expect(did).toEqual([
      ['review', expect.objectContaining({ contribution: 'bafyreipending1', verdict: 'approve' })]
    ])
    expect(out).toContain('bafyreipending1 is accepted.')
    const several = await judge(['approve'])
    expect(several).toMatchObject({ code: 2 })
    expect(several.err).toContain('2 items fit: name one by its id')
    const none = await judge(['approve', 'bafyreinothing'])
    expect(none.err).toContain('take one first: datanet review next')
  })

  test('says why, with options of its own behind the verb', async () => {
    const words = ['--code', 'unclear', '--reason', 'Of what?', '--datanet', 'Bread']
    const { did } = await judge(['reject', 'bafyreipending0', ...words, '--account', 'curator'])
    expect(did).toMatchObject([
      ['review', { verdict: 'reject', code: 'unclear', reason: 'Of what?', account: CURATOR }]
    ])
  })

  test('that flags needs its code, and says that the item is held', async () => {
    expect(await judge(['flag', 'bafyreipending0'])).toMatchObject({ code: 2 })
    expect(await judge(['flag', 'bafyreipending0', '--code', 'dull'])).toMatchObject({ code: 2 })
    const { out } = await judge(['flag', 'bafyreipending0', '--code', 'spam'])
    expect(out).toContain('is held until the curators of “Bread” decide')
  })
})

test('what is held is shown with its flags, and how to clear it', async () => {
  const { out } = await judge(['held'])
  expect(out).toContain('! flagged: harmful')
  expect(out).toContain('npx datanet review clear bafyreipending7')
  const { did } = await judge(['clear', 'bafyreipending7'])
  expect(did).toMatchObject([['review', { contribution: 'bafyreipending7', verdict: 'clear' }]])
})

test('items are given back, all or those that are named', async () => {
  const all = await judge(['give'])
  expect(all.out).toContain('2 given back.')
  const { did } = await judge(['give', 'bafyreipending1'])
  expect(did).toMatchObject([['give', { contributions: ['bafyreipending1'] }]])
})

test('the statistics fit a terminal, and say what alpha is', async () => {
  const { out } = await judge(['stats'])
  expect(out).toMatch(/0xc2c2c2…c2c2c2\s+3\s+1\s+0\s+0\s+75 %\s+75 %/)
  expect(out).toMatch(/by 40 %\s\(Krippendorff’s alpha\)/)
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

test('an appeal is of one’s own contribution, and says that it is final', async () => {
  const peer = scriptedPeer()
  const words = ['review', 'appeal', 'bafyreirowone', '--text', 'It is bread.']
  const { out } = await cli(peer, words)
  expect(peer.did).toMatchObject([['appeal', { text: 'It is bread.' }]])
  expect(out).toContain('is final')
  const foreign = await cli(peer, ['review', 'appeal', 'bafyreiother', '--text', 'x'])
  expect(foreign.err).toContain('this account handed in no such contribution')
})
