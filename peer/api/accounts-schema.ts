import { z } from 'zod'
import { idSchema, method, methodOf, weiSchema } from './method.ts'

const account = z.object({ address: z.string(), label: z.string() })
const label = z.string().min(1).max(256)

const details = z.object({
  address: z.string(),
  label: z.exactOptional(z.string()),
  balanceWei: z.exactOptional(weiSchema),
  contributions: z
    .array(
      z.object({
        datanet: z.string(),
        pending: z.int(),
        accepted: z.int(),
        rejected: z.int()
      })
    )
    .readonly(),
  handOvers: z
    .array(
      z.object({
        oldAccount: z.string(),
        newAccount: z.string(),
        datanet: z.exactOptional(z.string()),
        ordinal: z.int()
      })
    )
    .readonly()
})

const handOver = z.strictObject({
  account: idSchema,
  to: idSchema,
  datanets: z.exactOptional(z.array(idSchema).max(256).readonly()),
  signature: z.exactOptional(idSchema)
})

/** What a wallet is asked to sign. */
export const typedDataSchema = z.object({
  domain: z.record(z.string(), z.string()),
  types: z.record(z.string(), z.array(z.object({ name: z.string(), type: z.string() })).readonly()),
  primaryType: z.string(),
  message: z.record(z.string(), z.string())
})

const parties = { oldAccount: z.string(), newAccount: z.string() }
const state = z.discriminatedUnion('state', [
  z.object({ state: z.literal('to sign'), ...parties, typedData: typedDataSchema }),
  z.object({
    state: z.literal('submitted'),
    ...parties,
    datanets: z
      .array(
        z.object({
          datanet: z.string(),
          ordinal: z.exactOptional(z.int()),
          code: z.exactOptional(z.string())
        })
      )
      .readonly()
  })
])

const passphrase = z.string().min(1).max(1_024)
const holdings = z.object({
  address: z.string(),
  label: z.exactOptional(z.string()),
  balanceWei: weiSchema,
  gasWei: weiSchema
})
const depositTarget = z.object({
  address: z.string(),
  chainId: z.int(),
  token: z.string(),
  isGiven: z.boolean()
})
const vault = z.object({
  account: z.string(),
  balanceWei: weiSchema,
  withdrawingWei: weiSchema,
  readyAtMs: z.exactOptional(z.int())
})
const vaultDraft = z.strictObject({ amountWei: z.exactOptional(weiSchema) })
const vaultWithdrawal = z.object({ ...vault.shape, returnedWei: weiSchema })
const signedText = z.strictObject({
  address: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
  text: z.string().max(4_096),
  signature: z.string().max(200)
})
const asset = z.enum(['token', 'coin'])
const transfer = z.strictObject({
  account: idSchema,
  to: idSchema,
  amountWei: z.exactOptional(weiSchema),
  asset: z.exactOptional(asset)
})
const sent = z.object({
  asset,
  from: z.string(),
  to: z.string(),
  amountWei: weiSchema,
  txHash: z.string()
})
const keyImport = z.strictObject({ label, keystore: z.string().min(1).max(65_536), passphrase })
const keyExport = z.strictObject({ account: idSchema, passphrase })
const exported = z.object({ address: z.string(), label: z.string(), keystore: z.string() })

/** `accounts` of the PeerApi on the wire. */
export const accountsSchema = {
  create: methodOf('call', 'label', label, account),
  ensure: methodOf('call', 'label', label, account),
  find: methodOf('call', 'account', idSchema, account),
  list: method('call', z.array(account).readonly()),
  show: methodOf('call', 'account', idSchema, details),
  handOver: methodOf('call', 'draft', handOver, state),
  balance: methodOf('call', 'address', idSchema, weiSchema),
  holdings: methodOf('call', 'account', idSchema, holdings),
  deposit: methodOf('call', 'account', idSchema, depositTarget),
  send: methodOf('call', 'transfer', transfer, sent),
  signedText: methodOf('call', 'signed', signedText, z.object({ isSigned: z.boolean() })),
  vault: method('call', vault),
  vaultDeposit: methodOf('call', 'amountWei', weiSchema, vault),
  vaultWithdraw: methodOf('call', 'draft', vaultDraft, vaultWithdrawal),
  import: methodOf('call', 'key', keyImport, account),
  export: methodOf('call', 'key', keyExport, exported)
}
