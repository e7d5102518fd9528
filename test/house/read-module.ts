/** What the rules of the house look at in one source file. */
export interface Module {
  /** From the repository's root, with forward slashes. */
  readonly path: string
  readonly source: string
  /** The source with comments and the insides of strings blanked, at the same positions. */
  readonly code: string
  readonly imports: readonly Import[]
  readonly exports: readonly Export[]
}

export interface Import {
  readonly specifier: string
  readonly line: number
  /** `export … from`: what makes a barrel. */
  readonly reexport: boolean
}

export interface Export {
  readonly name: string
  readonly kind: 'function' | 'class' | 'const' | 'interface' | 'type' | 'list' | 'default'
  readonly line: number
  readonly documented: boolean
  /** A type that only names what another declaration already says. */
  readonly derived: boolean
}

interface Piece {
  readonly start: number
  readonly end: number
}

/** Reads a JavaScript or TypeScript file far enough for the rules, without a parser. */
export function readModule(path: string, source: string): Module {
  const { code, strings, comments } = blank(source)
  const lineAt = (at: number) => source.slice(0, at).split('\n').length
  const imports = strings.flatMap(({ start, end }) => {
    const before = code.slice(Math.max(0, start - 2_000), start)
    if (!isSpecifier(before)) return []
    const specifier = source.slice(start + 1, end - 1)
    const reexport = /\bexport\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^{}]*\})\s*from\s*$/.test(before)
    return [{ specifier, line: lineAt(start), reexport }]
  })
  return { path, source, code, imports, exports: exportsOf(source, code, comments, lineAt) }
}

function isSpecifier(before: string): boolean {
  return (
    /(^|[\s}*])from\s*$/.test(before) ||
    /(^|[^.\w])import\s*\(?\s*$/.test(before) ||
    /\b(require|import\.meta)(\.resolve)?\s*\(\s*$/.test(before) ||
    /\bcreateRequire\([^()]*\)(\.resolve)?\s*\(\s*$/.test(before)
  )
}

const EXPORT =
  /^export\s+(?:(default)\b|(\{)|(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(function|const|let|var|class|interface|type)\b\s*\*?\s*([\w$]*))/gm

function exportsOf(
  source: string,
  code: string,
  comments: readonly Piece[],
  lineAt: (at: number) => number
): Export[] {
  const found: Export[] = []
  for (const match of code.matchAll(EXPORT)) {
    const [, isDefault, isList, word = '', name = ''] = match
    const kind = isDefault
      ? 'default'
      : isList
        ? 'list'
        : word === 'let' || word === 'var'
          ? 'const'
          : word
    const rest = code.slice(match.index)
    // Lists that re-export are imports; overloads repeat a name that is already documented.
    if (isList && /^export\s*\{[^}]*\}\s*from\b/.test(rest)) continue
    if (word === 'type' && /^export\s+type\s*[{*]/.test(rest)) continue
    if (found.some((other) => other.kind === kind && other.name === name && name !== '')) continue
    found.push({
      name,
      kind: kind as Export['kind'],
      line: lineAt(match.index),
      documented: isDocumented(source, match.index, comments),
      derived: /^export\s+type\s+\w+\s*=\s*(z\.(output|infer|input)|ReturnType|Awaited)</.test(rest)
    })
  }
  return found
}

function isDocumented(source: string, at: number, comments: readonly Piece[]): boolean {
  const above = comments.findLast(({ end }) => end <= at)
  if (above === undefined || source.slice(above.end, at).trim() !== '') return false
  const text = source.slice(above.start, above.end)
  // A linter's instruction may stand between a declaration and its comment.
  if (text.startsWith('// biome-ignore')) return isDocumented(source, above.start, comments)
  const near = source.slice(above.end, at).split('\n').length <= 2
  return near && text.startsWith('/**') && /\p{L}{2}/u.test(text)
}

const AFTER_VALUE = /[\w$)\]}'"`]\s*$/
const AFTER_KEYWORD = /\b(return|typeof|case|in|of|void|delete|throw|new|else|do|yield|await)\s*$/

function blank(source: string): { code: string; strings: Piece[]; comments: Piece[] } {
  const code = source.split('')
  const strings: Piece[] = []
  const comments: Piece[] = []
  const wipe = (start: number, end: number) => {
    for (let i = start; i < end; i++) if (code[i] !== '\n') code[i] = ' '
  }
  // One entry for each open `${`: the depth of braces inside it.
  const holes: number[] = []
  let at = 0

  const quoted = (quote: string) => {
    const start = at++
    while (at < source.length && source[at] !== quote && source[at] !== '\n') {
      at += source[at] === '\\' ? 2 : 1
    }
    at++
    strings.push({ start, end: at })
    wipe(start + 1, at - 1)
  }
  const template = () => {
    const start = at
    while (at < source.length && source[at] !== '`' && !source.startsWith('${', at)) {
      at += source[at] === '\\' ? 2 : 1
    }
    wipe(start, at)
    if (source[at] === '`') at++
    else {
      holes.push(0)
      at += 2
    }
  }
  const regexp = () => {
    const start = at++
    let inClass = false
    while (at < source.length && source[at] !== '\n' && (inClass || source[at] !== '/')) {
      if (source[at] === '[') inClass = true
      if (source[at] === ']') inClass = false
      at += source[at] === '\\' ? 2 : 1
    }
    at++
    wipe(start + 1, at - 1)
  }

  while (at < source.length) {
    const char = source[at] ?? ''
    const depth = holes.at(-1)
    if (
      source.startsWith('//', at) ||
      source.startsWith('/*', at) ||
      (at === 0 && source.startsWith('#!'))
    ) {
      const start = at
      const close = source.startsWith('/*', at) ? '*/' : '\n'
      const end = source.indexOf(close, at + 2)
      at = end < 0 ? source.length : close === '\n' ? end : end + 2
      comments.push({ start, end: at })
      wipe(start, at)
    } else if (char === "'" || char === '"') quoted(char)
    else if (char === '`') {
      at++
      template()
    } else if (char === '/' && isRegexp(code, at)) regexp()
    else if (char === '}' && depth === 0) {
      holes.pop()
      at++
      template()
    } else {
      if (depth !== undefined && char === '{') holes[holes.length - 1] = depth + 1
      if (depth !== undefined && char === '}') holes[holes.length - 1] = depth - 1
      at++
    }
  }
  return { code: code.join(''), strings, comments }
}

function isRegexp(code: readonly string[], at: number): boolean {
  const before = code.slice(Math.max(0, at - 40), at).join('')
  return !AFTER_VALUE.test(before) || AFTER_KEYWORD.test(before)
}
