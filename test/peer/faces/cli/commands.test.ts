import { describe, expect, test } from 'vitest'
import { answering, listing, receipt } from '../gateway/scripted-api.ts'
import { BREAD, CURATOR, cli, OWN, scriptedPeer } from './scripted-peer.ts'

describe('review', () => {
  const accounts = [{ address: CURATOR, label: 'curator' }]

  test('without anybody to ask, it lists what waits and decides nothing', async () => {
    const peer = scriptedPeer({ accounts })
    const { out } = await cli(peer, ['review'])
    expect(out).toContain('Sourdough')
    expect(peer.did).toEqual([])
  })

  test('approves all as a curator whose key is here', async () => {
    const peer = scriptedPeer({ accounts })
    const { out } = await cli(peer, ['review', '--approve-all'])
    expect(peer.did).toMatchObject([
      ['review', { contribution: 'bafyreipending0', verdict: 'approve', account: CURATOR }],
      ['review', { contribution: 'bafyreipending1', verdict: 'approve', account: CURATOR }]
    ])
    expect(out).toBe('2 accepted, 0 rejected, 0 still wait in “Bread”.\n')
    expect(await cli(scriptedPeer(), ['review', '--approve-all'])).toMatchObject({ code: 1 })
  })

  test('asks about one after the other, with the reason of a rejection', async () => {
    const peer = scriptedPeer({ accounts })
    const answers = ['what?', 'r', 'too short', 'skip']
    const { out } = await cli(peer, ['review'], { answers })
    // What was passed over is for others at once.
    expect(peer.did).toMatchObject([
      ['review', { verdict: 'reject', reason: 'too short' }],
      ['give', { contributions: ['bafyreipending1'] }]
    ])
    expect(out).toContain('About Sourdough.')
    expect(out).toContain('0 accepted, 1 rejected, 1 still wait')
  })
})

describe('ask', () => {
  test('streams the answer, then sources, cost and receipt', async () => {
    const peer = scriptedPeer({ answer: answering(['Knead it ', 'ten minutes. [1]'], 10n ** 16n) })
    const { out, code } = await cli(peer, ['ask', 'How', 'long?', '--max', '0.05'])
    expect(code).toBe(0)
    expect(peer.did).toMatchObject([
      ['ask', { maxWei: 5n * 10n ** 16n, messages: [{ role: 'user', content: 'How long?' }] }]
    ])
    expect(out).toBe(
      [
        'Knead it ten minutes. [1]',
        '',
        'Sources',
        '[1] Path traversal',
        '',
        'answered by weaknesses for 0.01 DNC, of which 0.005 DNC royalty',
        'credited 100 % to 0x0a',
        `receipt ${'1'.padStart(32, '0')}`,
        '',
        'Check it: npx datanet receipt verify',
        ''
      ].join('\n')
    )
  })

  test('a next step repeats the data directory that was given', async () => {
    const asked = await cli(scriptedPeer(), ['ask', 'x', '--data-dir', 'a friend'])
    expect(asked.out).toContain("Check it: npx datanet receipt verify --data-dir 'a friend'\n")
    const adopted = await cli(scriptedPeer(), ['model', 'adopt', 'weaknesses', '--data-dir', 'me'])
    expect(adopted.out).toMatch(/npx datanet model serve \S+ --data-dir me\n$/)
  })

  test('an empty question is said to be one, and nothing is asked', async () => {
    const peer = scriptedPeer()
    const { code, err } = await cli(peer, ['ask', ' '])
    expect([code, peer.did]).toEqual([2, []])
    expect(err).toContain('the question is empty')
  })

  test('an answer given up for another provider is void, and the change is said', async () => {
    const peer = scriptedPeer({
      async *answer() {
        yield { type: 'chunk', text: 'half an ans', costWei: 1n }
        yield { type: 'retrying', provider: '12D3KooWgone', code: 'PEER_GONE' }
        yield { type: 'chunk', text: 'the whole answer', costWei: 1n }
        yield { type: 'done', receipt: receipt('a'.repeat(32), 1n), citations: [] }
      }
    })
    const { out } = await cli(peer, ['ask', 'what?', '--json'])
    expect(JSON.parse(out)).toMatchObject({
      text: 'the whole answer',
      retries: [{ code: 'PEER_GONE' }],
      receipt: { priceWei: '1' }
    })
    expect((await cli(peer, ['ask', 'what?'])).out).toContain('failed: PEER_GONE; asking another')
  })

  test('takes the newest model that is offered, and a wrong name is not found', async () => {
    const old = listing({ model: 'bafyreiold', name: 'old' })
    const unoffered = listing({ model: 'bafyreinew', name: 'new', offers: [] })
    const peer = scriptedPeer({ listings: [old, unoffered] })
    await cli(peer, ['ask', 'x'])
    expect(peer.did).toMatchObject([['ask', { model: 'bafyreiold' }]])
    expect(await cli(peer, ['ask', 'x', '--model', 'nobody'])).toMatchObject({ code: 4 })
    const none = await cli(scriptedPeer({ listings: [] }), ['ask', 'x'])
    expect(none).toMatchObject({ code: 4, err: expect.stringContaining('datanet search <topic>') })
  })

  test('asks on a terminal which of several models is meant, one that was built again once', async () => {
    const listings = ['a', 'b', 'b'].map((name, i) =>
      listing({ model: `bafyreimodel${i}`, name, publishedAtMs: i })
    )
    const peer = scriptedPeer({ listings })
    const { out } = await cli(peer, ['ask', 'x'], { answers: ['2'] })
    expect(out).toContain('  1  b (security)\n  2  a (security)\n')
    await cli(peer, ['ask', 'x'], { answers: [''] })
    await cli(peer, ['ask', 'x'])
    const asked = peer.did.map(([, question]) => (question as { model: string }).model)
    expect(asked).toEqual(['bafyreimodel0', 'bafyreimodel2', 'bafyreimodel2'])
  })

  test('a Ctrl-C cancels the question and is an exit code of its own', async () => {
    const stop = new AbortController()
    const peer = scriptedPeer({
      async *answer(_, signal) {
        yield { type: 'chunk', text: 'beginning ', costWei: 1n }
        stop.abort()
        signal.throwIfAborted()
      }
    })
    expect(await cli(peer, ['ask', 'x'], { signal: stop.signal })).toMatchObject({ code: 130 })
  })
})

describe('the other commands', () => {
  test('a deposit is taken back in two steps, by the only open channel or by the ends of an id', async () => {
    const channel = {
      ...{ channelId: `0x${'ab'.repeat(32)}`, side: 'payer' as const, peer: '12D3KooWprovider' },
      ...{ depositWei: 10n ** 18n, authorisedWei: 0n, royaltyWei: 0n, spentWei: 0n, receipts: 0 },
      ...{ claimedWei: 0n, state: 'open' as const, withdrawableWei: 9n * 10n ** 17n }
    }
    const ahead = { ...channel, authorisedWei: 5n * 10n ** 15n, spentWei: 3n * 10n ** 15n }
    const closed = { ...channel, channelId: `0x${'cd'.repeat(32)}`, state: 'closed' as const }
    const peer = scriptedPeer({ channels: [closed, ahead] })
    const first = await cli(peer, ['channel', 'close'])
    expect(first.out).toMatch(
      /0\.9 DNC is on its way\s+back[\s\S]*by itself[\s\S]*channel close 0xababab…ababab\n\n0\.002 DNC was/
    )
    const second = await cli(peer, ['channel', 'close', '0xababab…ababab'])
    expect(second.out).toMatch(/^0\.9 DNC came back to your account\. The channel is closed\.\n/)
    expect(peer.did).toEqual([
      ['close', channel.channelId],
      ['close', channel.channelId]
    ])
    expect(await cli(peer, ['channel', 'close', '0x12345678'])).toMatchObject({ code: 4 })
    const done = await cli(scriptedPeer({ channels: [closed] }), ['channel', 'close'])
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining('is closed already') })
  })

  test('a model of another peer is adopted by its name', async () => {
    const peer = scriptedPeer()
    const { out } = await cli(peer, ['model', 'adopt', 'weaknesses'])
    expect(peer.did).toEqual([['adopt', 'bafyreimodel']])
    expect(out).toMatch(/the same to the byte[\s\S]*npx datanet model serve bafyreimodel\n$/)
  })

  test('a Datanet is founded with accounts made for curator and treasury', async () => {
    const peer = scriptedPeer()
    const words = ['datanet', 'create', '--name', 'Bread', '--topic', 'bread', '--topic', 'baking']
    expect(await cli(peer, [...words, '--royalty', '25 %'])).toMatchObject({ code: 0 })
    expect(peer.did).toMatchObject([
      [
        'create',
        { topics: ['bread', 'baking'], curators: [CURATOR], royalty: { royaltyPpm: 250_000 } }
      ]
    ])
  })

  test('a model is built on a Datanet of elsewhere after its revision was fetched', async () => {
    const peer = scriptedPeer()
    await cli(peer, ['model', 'build'])
    expect(peer.did).toMatchObject([
      ['fetch', BREAD.id],
      ['build', { datanet: BREAD.id, name: 'bread-answers' }]
    ])
  })

  test('search shows what there is of Datanets and models, and nothing is not found', async () => {
    const found = await cli(scriptedPeer(), ['search', 'bread', '--json'])
    expect(JSON.parse(found.out)).toMatchObject({ datanet: { name: 'Bread' } })
    expect(await cli(scriptedPeer(), ['search', 'steel'])).toMatchObject({
      code: 4,
      err: expect.stringMatching(/^DISCOVERY_EMPTY: .*\nWho can mend it: .*Trying again can help/)
    })
    const notes = { ...BREAD, topics: ['darkroom notes'] }
    const near = await cli(scriptedPeer({ datanets: [notes] }), ['search', 'darkroom'])
    expect(near.err).toMatch(/match as a whole, word for word \(known here: “darkroom notes”\)/)
  })

  test('rewards are claimed for all accounts, those owed nothing left out', async () => {
    const accounts = [
      { address: CURATOR, label: 'curator' },
      { address: OWN, label: 'own' }
    ]
    const { out, code } = await cli(scriptedPeer({ accounts }), [
      'reward',
      'claim',
      '--all',
      '--json'
    ])
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      { account: OWN, label: 'own', claimedWei: '2000000000000000000' }
    ])
  })

  test('a receipt is named by what tables show of it, or is the newest', async () => {
    const receipts = [receipt('a'.repeat(32), 5n), receipt('b'.repeat(32), 6n)]
    const peer = scriptedPeer({ receipts })
    const named = await cli(peer, ['receipt', 'show', 'aaaaaaaa…aaaaaa', '--json'])
    expect(JSON.parse(named.out)).toMatchObject({ callId: 'a'.repeat(32) })
    expect(await cli(peer, ['receipt', 'show', 'cccccccc'])).toMatchObject({ code: 4 })
    const begun = await cli(peer, ['receipt', 'show', 'bbb', '--json'])
    expect(JSON.parse(begun.out)).toMatchObject({ callId: 'b'.repeat(32) })
    const two = [receipt(`aa${'1'.repeat(30)}`, 5n), receipt(`aa${'2'.repeat(30)}`, 6n)]
    const several = await cli(scriptedPeer({ receipts: two }), ['receipt', 'show', 'aa'])
    expect(several).toMatchObject({ code: 2, err: expect.stringContaining('2 receipts fit') })
  })

  test('several Datanets of one name want an id', async () => {
    const other = { ...BREAD, id: 'bafyreiotherotherother' }
    const peer = scriptedPeer({ datanets: [BREAD, other] })
    expect(await cli(peer, ['datanet', 'show', 'Bread'])).toMatchObject({ code: 2 })
    const shown = await cli(peer, ['datanet', 'show', 'bafyreio', '--json'])
    expect(JSON.parse(shown.out)).toMatchObject({ id: other.id })
    expect(await cli(peer, ['datanet', 'show', 'Cheese'])).toMatchObject({ code: 4 })
  })
})
