/**
 * Every error a user or a peer can meet, in one table (specs/01-terms.md §Errors): what happened,
 * who can act on it, and whether trying the same thing again can help. Faces render from here.
 */
export const ERRORS = {
  // bytes and records
  FRAME_MALFORMED: row(1, 'the bytes are not a valid frame', 'sender', false, 400),
  FRAME_TOO_LARGE: row(2, 'the frame is larger than this exchange allows', 'sender', false, 413),
  RECORD_MALFORMED: row(
    3,
    'the record does not have the form its type demands',
    'author',
    false,
    400
  ),
  RECORD_TOO_LARGE: row(4, 'the record is larger than its type allows', 'author', false, 413),
  RECORD_NOT_CANONICAL: row(5, 'the bytes are not the canonical encoding', 'author', false, 400),
  CID_MISMATCH: row(
    6,
    'the bytes do not hash to the CID they were asked for by',
    'provider',
    false,
    502
  ),
  SIGNATURE_INVALID: row(
    7,
    'the signature is not by the key that the record names',
    'author',
    false,
    400
  ),
  SIGNER_UNEXPECTED: row(8, 'the signer has no authority over this record', 'author', false, 403),
  RECORD_EXPIRED: row(9, 'the record is past its expiry', 'author', true, 410),
  RECORD_FROM_FUTURE: row(10, 'the record is dated too far in the future', 'author', true, 400),
  RECORD_SUPERSEDED: row(
    11,
    'a record with a higher sequence number is already known',
    'author',
    false,
    409
  ),
  RECORD_EQUIVOCATES: row(
    12,
    'two different records carry one sequence number',
    'author',
    false,
    409
  ),
  // datanet
  DATANET_UNKNOWN: row(20, 'no such Datanet is known here', 'caller', false, 404),
  CONTRIBUTION_INVALID: row(
    21,
    'the contribution breaks a rule of the Datanet',
    'contributor',
    false,
    422
  ),
  CONTRIBUTION_DUPLICATE: row(
    22,
    'the Datanet already holds this contribution',
    'contributor',
    false,
    409
  ),
  LICENCE_REFUSED: row(23, 'the Datanet does not accept this licence', 'contributor', false, 422),
  REVIEW_REFUSED: row(
    24,
    'the reviewer may not decide about this contribution',
    'curator',
    false,
    403
  ),
  REVISION_INVALID: row(
    25,
    'the revision does not match its own contents or its parent',
    'host',
    false,
    502
  ),
  ANCHOR_MISSING: row(26, 'the revision is not anchored on the chain', 'host', true, 409),
  APPROVALS_MISSING: row(
    27,
    'fewer curators approved than the threshold demands',
    'curator',
    false,
    403
  ),
  NOTHING_TO_PUBLISH: row(
    28,
    'no accepted contribution is waiting for a revision',
    'curator',
    false,
    409
  ),
  HAND_OVER_REFUSED: row(29, 'the account cannot be handed over in this way', 'author', false, 409),
  CHANGE_TOO_SOON: row(
    30,
    'the change comes into force sooner than the Datanet promised',
    'curator',
    false,
    409
  ),
  LANGUAGE_REFUSED: row(31, 'the Datanet does not accept this language', 'contributor', false, 422),
  PERSONAL_DATA_FOUND: row(
    32,
    'the text holds what looks like personal data or a secret',
    'contributor',
    false,
    422
  ),
  SPAM_REFUSED: row(
    33,
    'the contribution looks like noise, not like content',
    'contributor',
    false,
    422
  ),
  INTAKE_LIMIT: row(
    34,
    'the account handed in as much as the Datanet takes for now',
    'contributor',
    true,
    429
  ),
  FILE_REFUSED: row(
    35,
    'the file is not what its contribution or the Datanet says',
    'contributor',
    false,
    422
  ),
  CONTRIBUTION_UNKNOWN: row(36, 'no such contribution is known here', 'caller', false, 404),
  EXPORT_REFUSED: row(37, 'these rows may not leave in an export', 'caller', false, 403),
  CONTRIBUTION_WITHDRAWN: row(
    38,
    'the contribution was withdrawn by who made it, or taken down',
    'caller',
    false,
    410
  ),
  WITHDRAWAL_REFUSED: row(
    39,
    'this account may not withdraw the contribution',
    'caller',
    false,
    403
  ),
  // model and offer
  MODEL_UNKNOWN: row(40, 'no such model is known here', 'caller', false, 404),
  OFFER_UNKNOWN: row(41, 'the provider does not stand by this offer', 'caller', true, 409),
  OFFER_EXPIRED: row(42, 'the offer is past its expiry', 'provider', true, 410),
  PRICE_TOO_HIGH: row(43, 'the offer costs more than the caller allows', 'caller', false, 402),
  ROYALTY_TOO_LOW: row(
    44,
    'the offer pays less royalty than its Datanets demand',
    'provider',
    false,
    422
  ),
  REQUEST_TOO_LARGE: row(45, 'the request is larger than the offer allows', 'caller', false, 413),
  PROVIDER_BUSY: row(46, 'the provider takes no more calls just now', 'caller', true, 503),
  ENGINE_FAILED: row(47, 'the model could not answer', 'provider', true, 502),
  ENGINE_TIMEOUT: row(49, 'the model did not answer in time', 'provider', true, 504),
  UPSTREAM_MISSING: row(55, 'no model server for this base is set up here', 'operator', false, 503),
  ADAPTER_REFUSED: row(56, 'the adapter is not what its card says', 'provider', false, 409),
  MODEL_DIFFERS: row(48, 'what was rebuilt is not the artefact of the card', 'author', false, 409),
  // deciding about a Datanet: after the numbers of the datanet room, which are taken
  PROPOSAL_UNKNOWN: row(50, 'no such proposal is known here', 'caller', false, 404),
  PROPOSAL_REFUSED: row(51, 'the proposal cannot be approved as it stands', 'curator', false, 409),
  MANIFEST_BEHIND: row(
    52,
    'the chain has a later manifest in force than anybody gave this peer',
    'caller',
    true,
    503
  ),
  APPEAL_REFUSED: row(
    53,
    'nobody is left to hear an appeal for this contribution',
    'contributor',
    false,
    409
  ),
  BOUNTY_UNKNOWN: row(54, 'no such bounty is known here', 'caller', false, 404),
  BOUNTY_REFUSED: row(58, 'the bounty cannot be used in this way', 'caller', false, 409),
  BOUNTY_DUPLICATE: row(59, 'nearly the same question is open already', 'author', false, 409),
  BOUNTY_UNFUNDED: row(57, 'what it promises is not locked on the chain', 'author', true, 402),
  // channel and voucher
  CHAIN_MISMATCH: row(
    60,
    'the terms name another chain or contract than the offer',
    'payer',
    false,
    400
  ),
  TERMS_MISMATCH: row(61, 'the channel terms differ from those of the offer', 'payer', false, 400),
  CHANNEL_UNKNOWN: row(62, 'no such channel is known here', 'payer', false, 404),
  DEPOSIT_INSUFFICIENT: row(63, 'the confirmed deposit does not cover this', 'payer', true, 402),
  VOUCHER_MALFORMED: row(64, 'the voucher does not have its fixed form', 'payer', false, 400),
  VOUCHER_STALE: row(65, 'the voucher is below the accepted total', 'payer', false, 409),
  VOUCHER_OVERFLOWS: row(66, 'the voucher exceeds the confirmed deposit', 'payer', false, 402),
  VOUCHER_INSUFFICIENT: row(
    67,
    'the voucher does not cover what the offer demands up front',
    'payer',
    true,
    402
  ),
  VOUCHER_ROYALTY_LOW: row(
    68,
    'the voucher commits less royalty than the policy owes',
    'payer',
    false,
    402
  ),
  VOUCHER_TIMEOUT: row(69, 'no voucher arrived for the next chunk in time', 'payer', true, 402),
  SPENDING_LIMIT: row(
    70,
    'the call would pass a spending limit of this peer',
    'caller',
    false,
    402
  ),
  CALL_CONFLICT: row(71, 'this call id was used for another request', 'caller', false, 409),
  CHANNEL_BUSY: row(72, 'calls still run on this channel', 'payer', true, 409),
  CHANNEL_CLOSING: row(73, 'the deposit of this channel is being taken back', 'payer', false, 409),
  CALL_UNKNOWN: row(74, 'nothing was delivered under this call id', 'caller', false, 404),
  TOWER_DECLINED: row(78, 'the voucher is worth less than this tower claims', 'caller', false, 402),
  TOWER_FULL: row(79, 'the tower keeps no more vouchers', 'caller', true, 503),
  // receipt
  RECEIPT_INVALID: row(80, 'the receipt contradicts the call it describes', 'provider', false, 502),
  RECEIPT_UNKNOWN: row(81, 'no such receipt is known here', 'caller', false, 404),
  RECEIPTS_BEHIND: row(
    82,
    'too many receipts are not yet committed by the payer',
    'payer',
    true,
    409
  ),
  ATTRIBUTION_INVALID: row(83, 'the credits do not add up to the whole', 'provider', false, 502),
  CREDITS_DIFFER: row(
    84,
    'the credits are not those that the evidence gives',
    'provider',
    false,
    502
  ),
  EVIDENCE_DIFFERS: row(
    85,
    'the evidence is not that of this answer and this Datanet',
    'provider',
    false,
    502
  ),
  PASSAGE_OMITTED: row(
    86,
    'the evidence leaves out a contribution that supports the answer',
    'provider',
    false,
    502
  ),
  // reward
  DROP_INVALID: row(90, 'the drop does not follow from its receipts', 'provider', false, 502),
  DROP_PENDING: row(91, 'the drop is still in its veto delay', 'caller', true, 425),
  NOTHING_TO_CLAIM: row(92, 'nothing is owed that was not paid already', 'caller', false, 409),
  BOND_MISSING: row(93, 'nothing is staked that could be taken', 'caller', false, 404),
  DROP_STANDS: row(94, 'nothing is pending there that could be ended so', 'caller', false, 409),
  // network
  DISCOVERY_EMPTY: row(
    100,
    'nobody on the network announces what was looked for',
    'caller',
    true,
    404
  ),
  DISCOVERY_OFF: row(
    101,
    'discovery needs the DHT, and this peer has it switched off',
    'operator',
    false,
    503
  ),
  PEER_UNREACHABLE: row(102, 'the peer could not be reached', 'caller', true, 502),
  PEER_GONE: row(103, 'the peer went away before it finished', 'caller', true, 502),
  PEER_SILENT: row(104, 'the peer did not answer in time', 'caller', true, 504),
  PROTOCOL_REFUSED: row(105, 'the peer does not speak this protocol', 'caller', false, 501),
  DOCUMENT_UNKNOWN: row(106, 'the peer does not hold this document', 'caller', true, 404),
  CONTENT_UNAVAILABLE: row(107, 'no peer gave the content that was asked for', 'caller', true, 504),
  REPLICA_DECLINED: row(108, 'the peer keeps no copy of this Datanet', 'provider', false, 409),
  // chain
  CHAIN_UNREACHABLE: row(120, 'the chain did not answer', 'operator', true, 503),
  CHAIN_REVERTED: row(121, 'the contract refused the transaction', 'caller', false, 409),
  CHAIN_WRONG: row(
    122,
    'the endpoint serves another chain than the one configured',
    'operator',
    false,
    503
  ),
  FUNDS_INSUFFICIENT: row(123, 'the account does not hold enough for this', 'caller', true, 402),
  CHAIN_MISSING: row(124, 'this needs a chain, and this peer has none', 'operator', false, 503),
  CHAIN_BEHIND: row(
    126,
    'the chain is not read up to its confirmed blocks here',
    'operator',
    true,
    503
  ),
  CLAIM_STUCK: row(
    127,
    'vouchers are due on chain and do not become final claims',
    'operator',
    true,
    503
  ),
  BOUNTIES_OFF: row(128, 'this chain has no contract for bounties', 'operator', false, 501),
  // this peer
  INPUT_INVALID: row(140, 'the request is not valid', 'caller', false, 400),
  UNAUTHORIZED: row(141, 'the token is missing or not valid', 'caller', false, 401),
  FORBIDDEN: row(142, 'the token does not permit this', 'caller', false, 403),
  CONFIG_INVALID: row(143, 'the configuration is not valid', 'operator', false, 500),
  STORE_FAILED: row(144, 'the store could not keep what it must keep', 'operator', true, 507),
  DEPENDENCY_MISSING: row(145, 'an optional part is not installed', 'operator', false, 501),
  ROLE_OFF: row(146, 'this peer does not take the role that this needs', 'operator', false, 503),
  KEYSTORE_LOCKED: row(
    147,
    'the keys are encrypted and no passphrase was given',
    'operator',
    false,
    503
  ),
  PASSPHRASE_WRONG: row(148, 'the passphrase does not open the keys', 'operator', false, 503),
  ACCOUNT_UNKNOWN: row(149, 'this peer keeps no such account', 'caller', false, 404),
  ALREADY_SET_UP: row(150, 'a peer is set up here already', 'operator', false, 409),
  ROUTE_UNKNOWN: row(151, 'there is no such route', 'caller', false, 404),
  DONE_IN_PART: row(152, 'some of it was done, and the rest was not', 'caller', false, 409),
  INTERNAL: row(199, 'something went wrong that this peer did not expect', 'operator', false, 500)
} as const satisfies Record<string, ErrorRow>

/** A code of the table. */
export type ErrorCode = keyof typeof ERRORS

/** Who can mend it: `sender`, `author`… name the party of the exchange, `operator` runs this peer. */
export interface ErrorRow {
  readonly wire: number
  readonly meaning: string
  readonly actor: string
  readonly retryable: boolean
  readonly http: number
}

function row(
  wire: number,
  meaning: string,
  actor: string,
  retryable: boolean,
  http: number
): ErrorRow {
  return { wire, meaning, actor, retryable, http }
}

/** An error of the vocabulary. `details` are plain values fit to be shown; never keys or prompts. */
export class DatanetError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    details: Record<string, unknown> = {},
    options: { cause?: unknown; hint?: string } = {}
  ) {
    const hint = options.hint === undefined ? '' : `: ${options.hint}`
    super(
      `${ERRORS[code].meaning}${hint}`,
      options.cause === undefined ? {} : { cause: options.cause }
    )
    this.name = 'DatanetError'
    this.code = code
    this.details = details
  }

  /** Whether the same request can succeed later or elsewhere without being changed. */
  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }
}

/** True when `error` is of the vocabulary; matched by shape, since packages can be installed twice. */
export function isDatanetError(error: unknown): error is DatanetError {
  return error instanceof Error && error.name === 'DatanetError' && 'code' in error
}

/** True when `error` says that a caller aborted; it passes through every room unwrapped. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
