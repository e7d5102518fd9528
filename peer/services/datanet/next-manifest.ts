import type { Manifest, SignedManifest } from '../../../protocol/datanet/manifest.ts'
import type { FieldChange, ManifestChange } from '../../api/governance-api.ts'

/** What a manifest says of its own place, and not of the Datanet. */
const PLACE = new Set(['version', 'seq', 'prev', 'createdAtMs', 'effectiveAtMs'])

/**
 * The manifest after `previous` with what `change` names, made `atMs` and in force after the delay that
 * `previous` promises and `gatherMs` more, in which its approvals come together. Its schema is checked
 * where it is encoded.
 */
export function nextManifest(
  previous: SignedManifest,
  change: ManifestChange,
  { atMs, gatherMs }: { readonly atMs: number; readonly gatherMs: number }
): Manifest {
  const before = previous.manifest
  const { languages: spoken = before.languages, files: given, ...rest } = withoutUnset(change)
  const schemas = change.schemas ?? before.schemas
  const files = schemas.includes('file/1') ? (given ?? before.files) : undefined
  const languages = spoken === undefined || spoken.length === 0 ? undefined : [...spoken]
  const intakeHost = change.intakeHost ?? before.intakeHost
  const { languages: _, files: __, review, prev: ___, ...kept } = before
  const { reviewApprovals, reviewSharePpm, reviewLeaseMs, reviewsEarn, ...fields } = rest
  return {
    ...kept,
    ...(fields as Partial<Manifest>),
    ...(languages === undefined ? {} : { languages }),
    ...(files === undefined ? {} : { files: { ...files, mimes: [...files.mimes] } }),
    curators: (change.curators ?? before.curators).map((one) => one.toLowerCase()).sort(),
    intakeHost,
    // Who takes in keeps a copy anyway.
    hosts: [...(change.hosts ?? before.hosts)].filter((one) => one !== intakeHost).sort(),
    review: {
      approvals: reviewApprovals ?? review.approvals,
      sharePpm: reviewSharePpm ?? review.sharePpm,
      leaseMs: reviewLeaseMs ?? review.leaseMs,
      ...((reviewsEarn ?? review.earns !== undefined) ? { earns: 'reviews' as const } : {})
    },
    treasury: (change.treasury ?? before.treasury).toLowerCase(),
    seq: before.seq + 1,
    prev: previous.cid,
    createdAtMs: atMs,
    effectiveAtMs: atMs + before.changeDelayMs + gatherMs
  }
}

/** What `after` changes, field by field in the order of their names, as a person reads it. */
export function manifestChanges(before: Manifest, after: Manifest): readonly FieldChange[] {
  const [old, fresh] = [flat(before), flat(after)]
  const names = [...new Set([...old.keys(), ...fresh.keys()])].sort()
  return names.flatMap((field) => {
    const [was, is] = [old.get(field), fresh.get(field)]
    if (was === is) return []
    return [
      {
        field,
        ...(was === undefined ? {} : { before: was }),
        ...(is === undefined ? {} : { after: is })
      }
    ]
  })
}

function flat(manifest: Manifest): Map<string, string> {
  const out = new Map<string, string>()
  for (const [name, value] of Object.entries(manifest)) {
    if (PLACE.has(name) || value === undefined) continue
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
    for (const [key, inner] of isMap ? Object.entries(value) : [['', value]]) {
      out.set(key === '' ? name : `${name}.${key}`, wordsOf(inner))
    }
  }
  return out
}

const wordsOf = (value: unknown): string =>
  Array.isArray(value) ? value.join(', ') || 'none' : String(value)

function withoutUnset(change: ManifestChange): ManifestChange {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
}
