import { z } from 'zod'
import { field } from '../base/schema.ts'
import { contributeAskSchema, contributeEndSchema } from './contribute.ts'

const { contribution, relayed } = contributeAskSchema.shape

/** What a contributor asks over `/datanet/contribute/1` to be heard again. specs/04-datanet.md §Appeal */
export const appealAskSchema = z.object({ datanet: field.cid, appeal: contribution, relayed })

/** What is answered: where the contribution stands now. */
export const appealEndSchema = z.object({ status: contributeEndSchema.shape.status })
