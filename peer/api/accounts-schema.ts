import { z } from 'zod'
import { idSchema, method, methodOf, weiSchema } from './method.ts'

const account = z.object({ address: z.string(), label: z.string() })
const label = z.string().min(1).max(256)

/** `accounts` of the PeerApi on the wire. */
export const accountsSchema = {
  create: methodOf('call', 'label', label, account),
  ensure: methodOf('call', 'label', label, account),
  find: methodOf('call', 'account', idSchema, account),
  list: method('call', z.array(account).readonly()),
  balance: methodOf('call', 'address', idSchema, weiSchema)
}
