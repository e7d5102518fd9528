import { z } from 'zod'
import { LIMITS } from '../base/limits.ts'
import { field } from '../base/schema.ts'

const bytes = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.byteLength <= LIMITS.bountyBytes,
  `at most ${LIMITS.bountyBytes} bytes`
)

/** Bounties of one part, where a frame holds far more, and contributions that a host names of one. */
export const LISTED = { perPart: 16, answers: 64 } as const

/**
 * What is asked over `/datanet/bounties/1`: those that a host lists, or that a bounty or a fill is
 * taken in. specs/05-network.md §Bounties
 */
export const bountiesAskSchema = z.union([
  z.object({ datanet: field.cid, list: z.literal(true) }),
  z.object({ datanet: field.cid, bounty: bytes }),
  z.object({ datanet: field.cid, fill: bytes })
])

/** Some of what a host lists. */
export const bountiesPartSchema = z.object({
  bounties: z
    .array(
      z.object({
        bounty: bytes,
        /** Words of curators that something fills it. */
        fills: z.array(bytes).max(LIMITS.curators),
        /** Contributions that were handed in for it, oldest first, and where they stand. */
        answers: z
          .array(
            z.object({
              contribution: field.cid,
              status: z.enum(['pending', 'accepted', 'rejected'])
            })
          )
          .max(LISTED.answers)
      })
    )
    .max(LISTED.perPart)
})

/** The end of a list: how many there were. */
export const bountiesEndSchema = z.object({ bounties: field.count })

/** The answer to who handed something in: the bounty, and whether it is listed by now. */
export const bountyTakenSchema = z.object({ bounty: field.cid, isListed: z.boolean() })
