import { z } from 'zod'
import { field } from '../base/schema.ts'
import { PPM } from '../base/units.ts'

/**
 * How the royalty of a call is shared: `royaltyPpm` of the price is royalty, and the four shares
 * divide it whole. In a manifest it is the least the Datanet accepts; in an offer, what is paid.
 */
export const royaltyPolicySchema = z
  .strictObject({
    royaltyPpm: field.ppm,
    contributorsPpm: field.ppm,
    builderPpm: field.ppm,
    curatorsPpm: field.ppm,
    treasuryPpm: field.ppm
  })
  .refine(
    (p) => p.contributorsPpm + p.builderPpm + p.curatorsPpm + p.treasuryPpm === PPM,
    'the shares must add up to the whole'
  )

/** How the royalty of a call is shared; see royaltyPolicySchema. */
export type RoyaltyPolicy = z.output<typeof royaltyPolicySchema>
