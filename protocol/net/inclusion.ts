import { z } from 'zod'
import { field } from '../base/schema.ts'
import { contributeEndSchema } from './contribute.ts'

/** What anyone asks over `/datanet/contribute/1` to be shown a row. specs/04-datanet.md §Inclusion proof */
export const inclusionAskSchema = z.object({
  datanet: field.cid,
  /** Which contribution to prove. */
  prove: field.cid
})

/** What a peer that keeps the newest revision answers. */
export const inclusionEndSchema = z.object({ proof: contributeEndSchema.shape.receipt })
