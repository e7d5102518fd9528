import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type { AccountSummary } from '../../../peer/api/accounts-api.ts'
import type { PeerApi } from '../../../peer/api/peer-api.ts'
import type { MethodPath } from '../../../peer/api/schema.ts'
import { authorise, type TokenScope, visible } from '../../../peer/api/token-scope.ts'
import { createAccounts } from '../../../peer/services/account/accounts.ts'
import type { Parts } from '../../../peer/services/parts.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import { openWallet } from '../../../peer/wallet/wallet.ts'
import { refusal } from '../../protocol/base/refusal.ts'

const SCOPE: TokenScope = { accountsUnder: 'discord/' }
let api: PeerApi
let own: AccountSummary
let ann: AccountSummary
let member: AccountSummary

beforeEach(async () => {
  const db = openDatabase(':memory:')
  onTestFinished(() => db.close())
  const wallet = await openWallet(db)
  const accounts = createAccounts({ wallet } as unknown as Parts, {} as never, {} as never)
  api = { accounts } as unknown as PeerApi
  own = await accounts.find('own')
  ann = await accounts.create('ann')
  member = await accounts.create('discord/7')
})

async function may(path: MethodPath, argument: unknown, scope = SCOPE): Promise<string> {
  let isPermitted = false
  const code = refusal(async () => {
    await authorise(api, scope, path, argument)
    isPermitted = true
  })
  return code.catch((error) => {
    if (isPermitted) return 'permitted'
    throw error
  })
}

test('a custodian makes accounts under its own beginning of labels alone', async () => {
  for (const path of ['accounts/create', 'accounts/ensure'] as const) {
    expect(await may(path, 'discord/8')).toBe('permitted')
    for (const label of ['discord/', 'discord', 'Discord/8', 'own', 'discord2/8', '']) {
      expect(await may(path, label)).toBe('FORBIDDEN')
    }
    expect(await may(path, 'discord/8', {})).toBe('FORBIDDEN')
    expect(await may(path, 'discord/8', { accountsUnder: '' })).toBe('FORBIDDEN')
  }
})

test('a custodian acts for the accounts it keeps, and for those named to it', async () => {
  const shouted = member.address.toUpperCase().replace('0X', '0x')
  expect(await may('datanets/contribute', { account: member.address })).toBe('permitted')
  expect(await may('rewards/show', member.address)).toBe('permitted')
  expect(await may('rewards/claim', shouted)).toBe('permitted')
  expect(await may('accounts/find', member.address)).toBe('permitted')
  for (const { address, label } of [own, ann]) {
    expect(await may('datanets/contribute', { account: address })).toBe('FORBIDDEN')
    expect(await may('rewards/claim', address)).toBe('FORBIDDEN')
    expect(await may('accounts/find', label)).toBe('FORBIDDEN')
    // Whose address is whose must not be asked either.
    expect(await may('accounts/holdings', label)).toBe('FORBIDDEN')
    expect(await may('accounts/holdings', address)).toBe('FORBIDDEN')
  }
  const both = { ...SCOPE, accounts: [ann.address] }
  expect(await may('rewards/claim', ann.address, both)).toBe('permitted')
  expect(await may('accounts/find', 'ann', both)).toBe('permitted')
  expect(await may('rewards/claim', member.address, both)).toBe('permitted')
  expect(await may('rewards/claim', `0x${'99'.repeat(20)}`, both)).toBe('FORBIDDEN')
  expect(await may('channels/list', undefined)).toBe('FORBIDDEN')
  expect(await may('datanets/pending', 'd')).toBe('FORBIDDEN')
  const work = { datanet: 'd', account: member.address }
  expect(await may('datanets/reviewNext', work)).toBe('permitted')
  expect(await may('datanets/reviewNext', { ...work, account: own.address })).toBe('FORBIDDEN')
})

test('it asks questions in public in the name of its own accounts only', async () => {
  const ask = (publishAs?: string) =>
    may('models/ask', {
      model: 'm',
      messages: [],
      ...(publishAs === undefined ? {} : { publishAs })
    })
  expect(await ask()).toBe('permitted')
  expect(await ask(member.address)).toBe('permitted')
  expect(await ask(own.address)).toBe('FORBIDDEN')
  const open = (account: string) => may('datanets/openBounty', { datanet: 'd', account })
  expect(await open(member.address)).toBe('permitted')
  expect(await open(own.address)).toBe('FORBIDDEN')
  expect(await may('datanets/fundBounty', { datanet: 'd' })).toBe('FORBIDDEN')
  expect(await may('datanets/claimBounties', member.address)).toBe('permitted')
  expect(await may('datanets/claimBounties', own.address)).toBe('FORBIDDEN')
})

test('it hands over its own accounts only, and signs as nobody else kept here', async () => {
  const handOver = (account: string, to: string) => may('accounts/handOver', { account, to })
  const person = `0x${'99'.repeat(20)}`
  expect(await handOver('discord/7', person)).toBe('permitted')
  expect(await handOver(member.address, person)).toBe('permitted')
  expect(await handOver('ann', person)).toBe('FORBIDDEN')
  expect(await handOver('discord/7', own.address)).toBe('FORBIDDEN')
  const { address } = await api.accounts.create('discord/8')
  expect(await handOver('discord/7', address)).toBe('permitted')
})

test('of the accounts it sees its own', async () => {
  const all = await api.accounts.list()
  expect(visible(SCOPE, 'accounts/list', all)).toEqual([member])
  expect(visible({ ...SCOPE, accounts: [ann.address] }, 'accounts/list', all)).toEqual([
    ann,
    member
  ])
  expect(visible({}, 'accounts/list', all)).toEqual([])
})

test('an account that was made before a crash is found again by its label', async () => {
  expect(await api.accounts.ensure('discord/7')).toEqual(member)
  const made = await api.accounts.ensure('discord/8')
  expect(await api.accounts.find('discord/8')).toEqual(made)
  expect(await refusal(() => api.accounts.find('discord/9'))).toBe('ACCOUNT_UNKNOWN')
  expect(await refusal(() => api.accounts.create('discord/8'))).toBe('INPUT_INVALID')
})
