import type { Mutant } from './mutant.ts'

const PROVIDER = 'protocol/channel/provider-ledger.ts'
const PAYER = 'protocol/channel/payer-ledger.ts'
const PROVIDER_TEST = ['test/protocol/channel/provider-ledger.test.ts']
const PAYER_TEST = ['test/protocol/channel/payer-ledger.test.ts']
const FOLD_TEST = ['test/protocol/reward/fold.test.ts']
const DROP_TEST = ['test/protocol/reward/drop.test.ts']
const RECEIPT_TEST = ['test/protocol/receipt/receipt.test.ts']

/** Defences among the rules: protocol/ and what is signed. */
export const RULE_MUTANTS: readonly Mutant[] = [
  {
    name: 'voucher-signer',
    file: 'protocol/channel/voucher.ts',
    find: 'addressOfPublicKey(publicKey) === signer',
    replace: 'addressOfPublicKey(publicKey) !== ""',
    tests: ['test/protocol/channel/voucher.test.ts']
  },
  {
    name: 'voucher-root-count',
    file: 'protocol/channel/voucher.ts',
    find: "if ((receipts === 0) !== (receiptsRoot === ZERO_ROOT)) throw malformed('receiptsRoot')",
    replace: '',
    tests: ['test/protocol/channel/voucher.test.ts']
  },
  {
    name: 'voucher-royalty-above',
    file: 'protocol/channel/voucher.ts',
    find: 'if (royaltyWei < 0n || royaltyWei > cumulativeWei) throw',
    replace: 'if (royaltyWei < 0n) throw',
    tests: ['test/protocol/channel/voucher.test.ts']
  },
  {
    name: 'signature-high-s',
    file: 'protocol/base/secp256k1.ts',
    find: 'Buffer.compare(s, HALF_ORDER) > 0 || Buffer.compare(s, NO_S) === 0',
    replace: 'Buffer.compare(s, NO_S) === 0',
    tests: ['test/protocol/base/secp256k1.test.ts', 'test/protocol/channel/voucher.test.ts']
  },
  {
    name: 'two-roots-one-count',
    file: 'protocol/channel/ledger.ts',
    find: 'if (next.receipts === last.receipts && next.receiptsRoot !== last.receiptsRoot) {',
    replace: 'if (next.receipts < 0) {',
    tests: ['test/protocol/channel/ledger.test.ts']
  },
  {
    name: 'totals-fall',
    file: 'protocol/channel/ledger.ts',
    find: "if (fell === undefined) return 'newer'",
    replace: "return 'newer'",
    tests: ['test/protocol/channel/ledger.test.ts']
  },
  {
    name: 'terms-field',
    file: 'protocol/channel/verify-terms.ts',
    find: "['operator', 'receiptSigner', 'auditor', 'token', 'withdrawDelayS'] as const",
    replace: "['operator', 'receiptSigner', 'token', 'withdrawDelayS'] as const",
    tests: ['test/protocol/channel/terms.test.ts']
  },
  {
    name: 'voucher-above-deposit',
    file: PROVIDER,
    find: 'if (voucher.cumulativeWei > ledger.depositWei) {',
    replace: 'if (voucher.cumulativeWei < 0n) {',
    tests: PROVIDER_TEST
  },
  {
    name: 'voucher-royalty-low',
    file: PROVIDER,
    find: 'if (next.royaltyWei < owed.royaltyWei) {',
    replace: 'if (next.royaltyWei < 0n) {',
    tests: PROVIDER_TEST
  },
  {
    name: 'voucher-operator-low',
    file: PROVIDER,
    find: 'if (next.authorisedWei - next.royaltyWei < owed.operatorWei) {',
    replace: 'if (next.authorisedWei < 0n) {',
    tests: PROVIDER_TEST
  },
  {
    name: 'receipts-unknown',
    file: PROVIDER,
    find: '(taken.at(-1)?.receiptsRoot ?? voucher.receiptsRoot) !== voucher.receiptsRoot',
    replace: 'voucher.receipts < 0',
    tests: PROVIDER_TEST
  },
  {
    name: 'window',
    file: PROVIDER,
    find: 'return ledger.spentWei + costWei <= ledger.authorisedWei + creditWei',
    replace: 'return ledger.spentWei <= ledger.authorisedWei + creditWei',
    tests: PROVIDER_TEST
  },
  {
    name: 'reserve-beyond-deposit',
    file: PROVIDER,
    find: 'if (maxWei > freeWei) {',
    replace: 'if (maxWei > ledger.depositWei) {',
    tests: PROVIDER_TEST
  },
  {
    name: 'receipts-behind',
    file: PROVIDER,
    find: 'if (ledger.uncommitted.length > limit) {',
    replace: 'if (limit < 0) {',
    tests: PROVIDER_TEST
  },
  {
    name: 'payer-limit',
    file: PAYER,
    find: 'if (uptoWei > call.maxWei) {',
    replace: 'if (uptoWei > ledger.depositWei) {',
    tests: PAYER_TEST
  },
  {
    name: 'payer-deposit',
    file: PAYER,
    find: 'if (nextWei > ledger.depositWei) {',
    replace: 'if (nextWei < 0n) {',
    tests: PAYER_TEST
  },
  {
    name: 'payer-place-taken',
    file: PAYER,
    find: 'if (receipt.seq < ledger.voucher.receipts || ledger.pending.has(receipt.seq)) {',
    replace: 'if (receipt.seq < 0) {',
    tests: PAYER_TEST
  },
  {
    name: 'payer-price-above',
    file: PAYER,
    find: "if (receipt.priceWei > maxWei) throw new DatanetError('RECEIPT_INVALID', { field: 'priceWei' })",
    replace: '',
    tests: PAYER_TEST
  },
  {
    name: 'receipt-signer',
    file: 'protocol/receipt/receipt-signature.ts',
    find: 'if (signer !== receiptSigner) {',
    replace: "if (signer === '') {",
    tests: RECEIPT_TEST
  },
  {
    name: 'receipt-group-signer',
    file: 'protocol/receipt/receipt-signature.ts',
    find: "const name = Buffer.concat([digest, signature]).toString('latin1')",
    replace: "const name = Buffer.from(digest).toString('latin1')",
    tests: RECEIPT_TEST
  },
  {
    name: 'receipt-price',
    file: 'protocol/receipt/verify-receipt.ts',
    find: "  demand('priceWei', receipt.priceWei, priceWei)\n",
    replace: '',
    tests: RECEIPT_TEST
  },
  {
    name: 'receipt-answer',
    file: 'protocol/receipt/verify-receipt.ts',
    find: "  demand('answer', receipt.answer, commitmentOf(expected.answer.salt, expected.answer.bytes))\n",
    replace: '',
    tests: RECEIPT_TEST
  },
  {
    name: 'receipt-salt',
    file: 'protocol/receipt/receipt.ts',
    find: "if (salt.byteLength !== 16) throw new DatanetError('INPUT_INVALID', { salt: salt.byteLength })",
    replace: '',
    tests: RECEIPT_TEST
  },
  {
    name: 'receipt-whole',
    file: 'protocol/receipt/receipt-wire.ts',
    find: 'areWhole(receipt.credits)',
    replace: 'receipt.credits.length > 0',
    tests: ['test/protocol/receipt/receipt-wire.test.ts', 'test/protocol/receipt/receipt.test.ts']
  },
  {
    name: 'accumulated-peak',
    file: 'protocol/receipt/accumulator.ts',
    find: 'if (Buffer.compare(node, proof.peaks[peak] as Uint8Array) !== 0) return false',
    replace: 'if (node.byteLength !== 32 || peak < 0) return false',
    tests: ['test/protocol/receipt/accumulator.test.ts']
  },
  {
    name: 'fold-root',
    file: 'protocol/reward/fold.ts',
    find: 'if (accumulatorRoot(appendLeaves(EMPTY_ACCUMULATOR, ...leaves)) !== receiptsRoot) {',
    replace: "if (accumulatorRoot(appendLeaves(EMPTY_ACCUMULATOR, ...leaves)) === '') {",
    tests: FOLD_TEST
  },
  {
    name: 'fold-two-receipts',
    file: 'protocol/reward/fold.ts',
    find: 'if (known !== undefined && Buffer.compare(known.body, signed.body) !== 0) {',
    replace: 'if (known !== undefined && known.body.byteLength === 0) {',
    tests: FOLD_TEST
  },
  {
    name: 'fold-uncommitted-credits',
    file: 'protocol/reward/fold.ts',
    find: 'yield* splitToTreasuries(take(receipt.royaltyWei), partiesOf(receipt).treasuries)',
    replace:
      'yield* splitRoyalty({ ...receipt, royaltyWei: take(receipt.royaltyWei) }, partiesOf(receipt))',
    tests: FOLD_TEST
  },
  {
    name: 'drop-account-shrank',
    file: 'protocol/reward/drop.ts',
    find: 'if (account !== UNASSIGNED && (amounts.get(account) ?? 0n) < cumulativeWei) {',
    replace: 'if (account !== UNASSIGNED && (amounts.get(account) ?? cumulativeWei) < 0n) {',
    tests: DROP_TEST
  },
  {
    name: 'drop-total',
    file: 'protocol/reward/drop.ts',
    find: "if (totalWei !== drop.totalWei) throw invalid('total is not the sum of the leaves')",
    replace: '',
    tests: DROP_TEST
  },
  {
    name: 'claim-proof',
    file: 'protocol/reward/claim.ts',
    find: 'if (account === UNASSIGNED || !isInDrop(drop, claim, proof)) {',
    replace: 'if (account === UNASSIGNED || proof.length > 64) {',
    tests: DROP_TEST
  },
  {
    name: 'royalty-floor',
    file: 'protocol/model/offer.ts',
    find: 'const floorPpm = Math.max(',
    replace: 'const floorPpm = Math.min(',
    tests: ['test/protocol/model/offer.test.ts']
  },
  {
    name: 'bytes-canonical',
    file: 'protocol/base/codec.ts',
    find: "if (Buffer.compare(again, bytes) !== 0) throw new DatanetError('RECORD_NOT_CANONICAL')",
    replace: '',
    tests: ['test/protocol/base/codec.test.ts']
  },
  {
    name: 'bytes-key-order',
    file: 'protocol/base/cbor.ts',
    find: ' || (last !== undefined && byCanon(last, key) >= 0)',
    replace: '',
    tests: ['test/protocol/base/cbor.test.ts']
  },
  {
    name: 'document-cid',
    file: 'protocol/net/documents.ts',
    find: '      verifyCid(cid, bytes)\n',
    replace: '',
    tests: ['test/protocol/net/documents.test.ts'],
    only: 'do not hash to the CID'
  },
  {
    name: 'document-replayed',
    file: 'protocol/net/seq-guard.ts',
    find: 'if (last !== undefined && seq < last.seq) {',
    replace: 'if (last !== undefined && seq < 0) {',
    tests: ['test/protocol/net/documents.test.ts'],
    only: 'never goes back'
  },
  {
    name: 'document-told-twice',
    file: 'protocol/net/seq-guard.ts',
    find: 'const same = last.body === cid.toString()',
    replace: "const same = last.body !== ''",
    tests: ['test/protocol/net/documents.test.ts'],
    only: 'its number was used twice'
  },
  {
    name: 'document-wrapping',
    file: 'protocol/net/documents.ts',
    find: 'guard.check(name, document.seq, bytes, document.cid)',
    replace: 'guard.check(name, document.seq, bytes)',
    tests: ['test/adversary/equivocation.test.ts'],
    only: 'a card in another wrapping'
  },
  {
    name: 'document-bound',
    file: 'protocol/net/documents.ts',
    find: 'if (bytes > maxBytes || pieces.length > LIMITS.documentPieces) {',
    replace: 'if (bytes < 0) {',
    tests: ['test/protocol/net/documents.test.ts'],
    only: 'is refused beyond what its kind may have'
  }
]
