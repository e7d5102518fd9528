// The bytes that pages show follow the vectors: a block whose bytes kept their length is written anew.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes the hex blocks of the pages in `folder` anew, from the vectors `before` to those `after` (maps
 * of file name to JSON text). Answers with those that changed in length: their lines are for a person.
 */
export function refreshPages(folder, before, after) {
  const left = []
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.md'))) {
    const file = join(folder, name)
    const words = readFileSync(file, 'utf8')
    const renewed = words.replace(
      /^```hex (\S+) (\S+)\n([\s\S]*?)^```$/gm,
      (block, vector, at, lines) => {
        const bytesOf = (files) => bytesAt(JSON.parse(files.get(`${vector}.json`) ?? '{}'), at)
        const old = bytesOf(before)
        const now = bytesOf(after)
        if (old === undefined || now === undefined || renew(lines, now, now)) return block
        const fresh = old.length === now.length ? renew(lines, old, now) : undefined
        if (fresh === undefined) left.push(`${name} ${vector} ${at}`)
        return fresh === undefined ? block : `\`\`\`hex ${vector} ${at}\n${fresh}\`\`\``
      }
    )
    if (renewed !== words) writeFileSync(file, renewed)
  }
  return left
}

function bytesAt(vectors, at) {
  const path = /^\d+$/.test(at) ? `frames.${at}.bytes` : at
  const value = path.split('.').reduce((inner, key) => inner?.[key], vectors)
  return value?.$bytes ?? value
}

/** The lines with the bytes of `now` where those of `old` stood; undefined when these do not. */
function renew(lines, old, now) {
  const statedOf = (line) => line.split(/ {2,}/)[0]
  const parts = lines.split('\n').map(statedOf).join('').replaceAll(' ', '').split('…')
  const starts = []
  let end = 0
  for (const [n, part] of parts.entries()) {
    const from = n === 0 ? 0 : old.indexOf(part, end)
    if (!old.startsWith(part, from)) return undefined
    starts.push(from)
    end = from + part.length
  }
  let at = starts.shift()
  return lines.replace(/^(.*?)( {2,}.*)?$/gm, (_, stated, comment = '') => {
    const bytes = stated.replace(/…|[0-9a-f]+/g, (token) => {
      const from = at
      at = token === '…' ? starts.shift() : from + token.length
      return token === '…' ? token : now.slice(from, at)
    })
    // A text that a comment spells out stands in the bytes as well.
    return `${bytes}${comment.replace(/"([^"]+)"/g, (quoted, text) => {
      const from = old.indexOf(Buffer.from(text).toString('hex'))
      const to = from + Buffer.byteLength(text) * 2
      return from < 0 ? quoted : `"${Buffer.from(now.slice(from, to), 'hex')}"`
    })}`
  })
}
