import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ProposalDetails, RevisionDiff } from '../../../../peer/api/governance-api.ts'
import { BREAD, CURATOR, cli, OWN, scriptedPeer } from './scripted-peer.ts'

const PROPOSAL = 'bafyreiproposalproposalproposalproposalproposalproposal1'
const OPEN: ProposalDetails = {
  ...{ proposal: PROPOSAL, datanet: BREAD.id, kind: 'manifest', subject: 'bafyreimanifest' },
  ...{ number: 1, state: 'open', approvals: [OWN], threshold: 2, createdAtMs: 1_800_000_000_000 },
  ...{ effectiveAtMs: 1_800_086_400_000, note: 'Rye came in.', bundle: 'datanet-proposal:abc' },
  changes: [{ field: 'name', before: 'Bread', after: 'Bread and rye' }]
}
const DIFF: RevisionDiff = {
  ...{ datanet: BREAD.id, from: 3, to: 4, fromRows: 2, toRows: 1_502 },
  added: [{ contribution: 'bafyreiaddedaddedadded', contributor: OWN, title: 'Sourdough' }],
  withdrawn: [{ contribution: 'bafyreigonegonegonegone', contributor: CURATOR }],
  handedOver: [{ oldAccount: OWN, newAccount: CURATOR }],
  counts: { added: 1_501, withdrawn: 1, handedOver: 1 }
}

/** A peer with one open proposal. */
function peer() {
  const scripted = scriptedPeer()
  const did = (what: string) => async (given: unknown) => {
    scripted.did.push([what, given])
    return OPEN
  }
  Object.assign(scripted.api.datanets, {
    change: did('change'),
    approve: did('approve'),
    carry: did('carry'),
    propose: did('propose'),
    show: async () => BREAD,
    proposal: async () => OPEN,
    proposals: async () => [OPEN],
    manifests: async () => [
      {
        seq: 0,
        manifest: 'bafyreifounding',
        state: 'in force',
        createdAtMs: 1,
        effectiveAtMs: 1,
        changes: []
      }
    ],
    forks: async () => [
      { kind: 'manifest', place: 'manifest 1', first: 'bafyreione', second: 'bafyreitwo' }
    ],
    diff: async (draft: object) => {
      scripted.did.push(['diff', draft])
      return DIFF
    }
  })
  return scripted
}

describe('what curators decide', () => {
  test('a change is drafted from its options, and says who has to do what', async () => {
    const scripted = peer()
    const words = ['--name', 'Bread and rye', '--curator', CURATOR, '--curator', OWN]
    const more = ['--threshold', '2', '--delay', '12h', '--language', 'any', '--host', 'none']
    const { out } = await cli(scripted, ['proposal', 'change', ...words, ...more, '--note', 'Rye.'])
    const change = {
      ...{ name: 'Bread and rye', curators: [CURATOR, OWN], threshold: 2 },
      ...{ changeDelayMs: 43_200_000, languages: [], hosts: [] }
    }
    expect(scripted.did).toEqual([['change', { datanet: BREAD.id, change, note: 'Rye.' }]])
    expect(out).toContain('Another curator must approve it')
    expect(out).toContain('npx datanet proposal approve bafyreip…posal1')
    expect(out).toContain('+ Bread and rye')
  })

  test('the rules are the same words for who founds and who changes', async () => {
    const scripted = peer()
    const rules = ['--schema', 'text/1', '--schema', 'file/1', '--file-type', 'image/png']
    const more = ['--share', '75', '--lease', '30m', '--pending', '10', '--per-day', '50']
    const said = {
      ...{ schemas: ['text/1', 'file/1'], files: { mimes: ['image/png'], maxBytes: 10_485_760 } },
      ...{ reviewSharePpm: 750_000, reviewLeaseMs: 1_800_000 },
      intake: { pendingPerAccount: 10, perDayPerAccount: 50 }
    }
    await cli(scripted, ['proposal', 'change', ...rules, ...more])
    await cli(scripted, ['datanet', 'create', '--name', 'x', '--topic', 'y', ...rules, ...more])
    expect(scripted.did).toMatchObject([
      ['change', { change: said }],
      ['create', { name: 'x', ...said }]
    ])
    const { err, code } = await cli(scripted, ['proposal', 'change', '--pending', '5'])
    expect([code, err]).toEqual([2, expect.stringContaining('give both')])
  })

  test('a time is minutes, hours or days', async () => {
    const { err, code } = await cli(peer(), ['proposal', 'change', '--delay', 'soon'])
    expect([code, err]).toEqual([2, expect.stringContaining('a time such as 15m, 12h or 3d')])
  })

  test('proposals are listed, shown with what they change, and approved by their ends', async () => {
    const scripted = peer()
    const { out: list } = await cli(scripted, ['proposal', 'list'], { columns: 80 })
    expect(list).toMatch(/bafyreip…posal1 +manifest 1 +open +1 of 2 +Rye came in\./)
    await cli(scripted, ['proposal', 'approve', 'bafyreip…posal1', '--instead'])
    const named = { datanet: BREAD.id, proposal: PROPOSAL }
    expect(scripted.did).toEqual([['approve', { ...named, instead: true }]])
    const { code, err } = await cli(scripted, ['proposal', 'show', 'bafyreiother'])
    expect([code, err]).toEqual([4, expect.stringContaining('PROPOSAL_UNKNOWN')])
  })

  test('a proposal goes by hand in a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'datanet-cli-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'proposal.txt')
    const scripted = peer()
    await cli(scripted, ['proposal', 'show', PROPOSAL, '--bundle', file])
    expect(readFileSync(file, 'utf8')).toBe('datanet-proposal:abc\n')
    await cli(scripted, ['proposal', 'carry', file])
    expect(scripted.did).toEqual([['carry', 'datanet-proposal:abc\n']])
    const { code, err } = await cli(scripted, ['proposal', 'carry', join(folder, 'none')])
    expect([code, err]).toEqual([2, expect.stringContaining('INPUT_INVALID')])
  })

  test('publishing asks the other curators where this peer alone is not enough', async () => {
    const scripted = peer()
    const datanets = [{ ...BREAD, curators: [OWN, CURATOR], threshold: 2 }]
    Object.assign(scripted.api.datanets, { list: async () => datanets })
    const { out } = await cli(scripted, ['datanet', 'publish'])
    expect(scripted.did).toEqual([['propose', BREAD.id]])
    expect(out).toContain('1 of 2')
  })

  test('the history ends with what was signed twice', async () => {
    const { out } = await cli(peer(), ['datanet', 'history'])
    expect(out).toContain('0  in force')
    expect(out).toContain('! manifest 1: two with enough approvals are kept as evidence')
  })

  test('a diff names what came and went, and how much more there is', async () => {
    const scripted = peer()
    const { out } = await cli(scripted, ['datanet', 'diff', '3', '4'], { columns: 80 })
    expect(scripted.did).toEqual([['diff', { datanet: BREAD.id, from: 3, to: 4 }]])
    expect(out).toContain('from revision 3 (2 rows) to 4 (1502 rows)')
    expect(out).toMatch(/\+ 1501 added[\s\S]*Sourdough\n {2}and 1500 more/)
    expect(out).toContain('- 1 withdrawn')
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
    const { code } = await cli(scripted, ['datanet', 'diff', 'newest'])
    expect(code).toBe(2)
  })
})
