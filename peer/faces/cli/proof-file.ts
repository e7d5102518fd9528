import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { refusal } from '../../api/problem.ts'
import type { Inclusion } from '../../api/submissions-api.ts'

const schema = z.object({ proof: z.string(), signed: z.string(), chainKey: z.string() })

/** A proof with what it proves: all that is needed to check it but the digest on chain. */
export type ProofFile = z.output<typeof schema>

/** Writes a proof for people and programs. Refuses a place that cannot be written (INPUT_INVALID). */
export function writeProof(file: string, proof: Inclusion & { readonly signed: string }): void {
  writeBytes(file, Buffer.from(`${JSON.stringify(proof, null, 2)}\n`))
}

/** Writes a file that is not there yet. Refuses one that is, and a bad place (INPUT_INVALID). */
export function writeBytes(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes, { flag: 'wx' })
  } catch (cause) {
    throw refusal(
      'INPUT_INVALID',
      { file },
      { cause, hint: `${file} cannot be written: it is there already, or no place for it` }
    )
  }
}

/** The proof in a file. Refuses what is none (INPUT_INVALID). */
export function readProof(file: string): ProofFile {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    throw refusal(
      'INPUT_INVALID',
      { file },
      { cause, hint: `${file} is no proof of a contribution` }
    )
  }
}
