import { DatanetError } from '../../../protocol/base/errors.ts'
import { type SignedOffer, verifyRoyaltyFloor } from '../../../protocol/model/offer.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { KnownModel } from './catalogue.ts'

/**
 * Refuses an offer that does not pay its Datanets what they demand (ROYALTY_TOO_LOW), or names an
 * auditor that is none of them (TERMS_MISMATCH). specs/06-model.md §Offer
 */
export async function refuseUnfairOffer(
  datanets: Pick<Datanets, 'meet'>,
  {
    known,
    signed: { offer },
    signal
  }: { readonly known: KnownModel; readonly signed: SignedOffer; readonly signal: AbortSignal }
): Promise<void> {
  const met = await Promise.all(
    known.card.card.revisions.map(({ datanet }) =>
      datanets.meet(datanet.toString(), offer.provider, { signal })
    )
  )
  verifyRoyaltyFloor(
    offer,
    met.map(({ signed }) => signed.manifest)
  )
  if (!met.some(({ key }) => key === offer.payment.auditor)) {
    throw new DatanetError('TERMS_MISMATCH', { field: 'auditor' })
  }
}
