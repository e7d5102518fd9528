import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChannelStore } from '../../../peer/store/channels.ts'
import { openDatabase } from '../../../peer/store/database.ts'
import {
  javascriptSecp256k1,
  publicKeyOf,
  type Secp256k1,
  secp256k1
} from '../../../protocol/base/secp256k1.ts'
import { domainSeparator } from '../../../protocol/base/typed-data.ts'
import {
  acceptVoucher,
  openProviderLedger,
  reserve
} from '../../../protocol/channel/provider-ledger.ts'
import { escrowDomain } from '../../../protocol/channel/terms.ts'
import {
  createVoucherSigner,
  decodeVoucher,
  encodeVoucher,
  verifyVoucher,
  voucherDigest
} from '../../../protocol/channel/voucher.ts'

const separator = domainSeparator(escrowDomain(31_337, `0x${'ab'.repeat(20)}`))
const secretKey = new Uint8Array(32).fill(7)
const signer = createVoucherSigner(separator, secretKey)
const ID = `0x${'11'.repeat(32)}`

function vouchers(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) =>
    encodeVoucher(
      signer.sign({
        channelId: ID,
        cumulativeWei: 1_000n * BigInt(index + 1),
        royaltyWei: 300n * BigInt(index + 1),
        receipts: 0,
        receiptsRoot: `0x${'0'.repeat(64)}`
      })
    )
  )
}

/** CPU ms per item of the synchronous `work`. */
function cpuPer(count: number, work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000 / count
}

/** Signatures alone, in CPU ms each: sign, and recover for the comparison with the known key. */
export function signatureCosts(count = 200): Record<string, number> {
  const digest = voucherDigest(separator, decodeVoucher(vouchers(1)[0] as Uint8Array))
  const key = publicKeyOf(secretKey)
  const row = (kind: string, one: Secp256k1) => {
    const signature = one.sign(digest, secretKey)
    const repeat = (step: () => unknown) => () => {
      for (let index = 0; index < count; index++) step()
    }
    return [
      [
        `${kind}SignCpuMs`,
        cpuPer(
          count,
          repeat(() => one.sign(digest, secretKey))
        )
      ],
      [
        `${kind}RecoverCpuMs`,
        cpuPer(
          count,
          repeat(() => one.recover(digest, signature))
        )
      ],
      [
        `${kind}VerifyCpuMs`,
        cpuPer(
          count,
          repeat(() => one.verify(digest, signature, key))
        )
      ]
    ]
  }
  return Object.fromEntries([
    ...row('native', secp256k1),
    ...row('javascript', javascriptSecp256k1)
  ])
}

/**
 * What a voucher alone costs a provider: decoded, its signer recovered, folded into the ledger, and
 * on the disk, `group` in one sync. CPU ms each, and how many in a second of wall time.
 */
export async function acceptCosts(
  count = 2_048,
  group = 64
): Promise<{ acceptCpuMs: number; acceptDurableCpuMs: number; acceptsPerS: number }> {
  const all = vouchers(2 * count)
  let ledger = reserve(openProviderLedger(10n ** 15n), 'call', {
    maxWei: 10n ** 12n,
    royaltyPpm: 300_000
  })
  const accept = (bytes: Uint8Array) => {
    const voucher = decodeVoucher(bytes)
    verifyVoucher(separator, voucher, signer.address)
    ledger = acceptVoucher(ledger, voucher).ledger
  }
  const acceptCpuMs = cpuPer(count, () => {
    for (const bytes of all.slice(0, count)) accept(bytes)
  })
  const dir = mkdtempSync(join(tmpdir(), 'datanet-voucher-'))
  const db = openDatabase(join(dir, 'peer.db'))
  const store = createChannelStore(db)
  const channel = { channelId: ID, peer: 'payer', terms: new Uint8Array(1), depositWei: 1n }
  store.addChannel({ side: 'provider', ...channel })
  const before = process.cpuUsage()
  const started = performance.now()
  for (let from = count; from < 2 * count; from += group) {
    await Promise.all(
      all.slice(from, from + group).map((bytes) =>
        store.together(() => {
          accept(bytes)
          store.setVoucher('provider', ID, bytes, 'payer')
        })
      )
    )
  }
  const { user, system } = process.cpuUsage(before)
  const wallMs = performance.now() - started
  db.close()
  rmSync(dir, { recursive: true })
  return {
    acceptCpuMs,
    acceptDurableCpuMs: (user + system) / 1_000 / count,
    acceptsPerS: (1_000 * count) / wallMs
  }
}
