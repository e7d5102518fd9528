import type { Command } from 'commander'

/** The shells that completion is written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** A script that completes the commands and options of `program` in `shell`. */
export function completionOf(program: Command, shell: (typeof SHELLS)[number]): string {
  const words = wordsOf(program)
  if (shell === 'fish') return fish(words)
  const cases = [...words]
    .map(([path, next]) => `    '${path}') echo '${next.map(({ word }) => word).join(' ')}' ;;`)
    .join('\n')
  return `${shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : ''}_datanet_words() {
  case "$1" in
${cases}
  esac
}
_datanet() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="$path $word" ;; esac
  done
  path="\${path# }"
  words="$(_datanet_words "$path")"
  while [ -z "$words" ] && [ "\${path% *}" != "$path" ]; do
    path="\${path% *}"
    words="$(_datanet_words "$path")"
  done
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _datanet datanet
`
}

interface Word {
  readonly word: string
  readonly text: string
}

/** What may follow each path of commands. */
function wordsOf(program: Command, path = ''): Map<string, readonly Word[]> {
  const commands = program.commands.map((one) => ({ word: one.name(), text: one.description() }))
  const options = program.options.map((one) => ({ word: one.long ?? '', text: one.description }))
  const found = new Map<string, readonly Word[]>([[path, [...commands, ...options]]])
  for (const one of program.commands) {
    const below = wordsOf(one, path === '' ? one.name() : `${path} ${one.name()}`)
    for (const [name, next] of below) found.set(name, next)
  }
  return found
}

function fish(words: ReadonlyMap<string, readonly Word[]>): string {
  const quote = (text: string) => `'${text.replaceAll("'", "\\'")}'`
  const lines = [...words].flatMap(([path, next]) => {
    const nouns = path.split(' ').filter((one) => one !== '')
    const isVerbOpen = next.some(({ word }) => !word.startsWith('-'))
    const seen = nouns.map((one) => `__fish_seen_subcommand_from ${one}`)
    const verbs = next.filter(({ word }) => !word.startsWith('-')).map(({ word }) => word)
    const not =
      isVerbOpen && nouns.length > 0
        ? [`not __fish_seen_subcommand_from ${verbs.join(' ')}`]
        : nouns.length === 0
          ? ['__fish_use_subcommand']
          : []
    const when = [...seen, ...not].join('; and ')
    return next.map(({ word, text }) =>
      word.startsWith('--')
        ? `complete -c datanet -n ${quote(when)} -l ${word.slice(2)} -d ${quote(text)}`
        : `complete -c datanet -f -n ${quote(when)} -a ${word} -d ${quote(text)}`
    )
  })
  return `${lines.join('\n')}\n`
}
