import type { Command } from 'commander'

/** The shells that completion is written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** A script that completes the commands and options of `program` in `shell`. */
export function completionOf(program: Command, shell: (typeof SHELLS)[number]): string {
  const words = wordsOf(program)
  if (shell === 'fish') return fish(words)
  return shell === 'zsh' ? zsh(words) : bash(words)
}

/** Options where one was begun, else commands, else files. */
function bash(words: Words): string {
  return `_datanet_words() {
  case "$1" in
${casesOf(words, ({ word }) => word, ' ')}
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
  case "$current" in
    -*) ;;
    *)
      COMPREPLY=($(printf '%s\n' "\${COMPREPLY[@]}" | grep -v '^-'))
      [ \${#COMPREPLY[@]} -gt 0 ] && return
      # For files only: a folder here may be called as a command is.
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$current"))
      ;;
  esac
}
complete -F _datanet datanet
`
}

/** Its own words: in zsh \`path\` is the search path, and arrays count from 1. */
function zsh(words: Words): string {
  const described = ({ word, text }: Word) => `${word}:${text}`
  return `#compdef datanet
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_datanet_words() {
  case "$1" in
${casesOf(words, described, '\n')}
  esac
}
_datanet() {
  local dn_path='' dn_words='' dn_word
  local -a dn_list
  for dn_word in "\${(@)words[2,CURRENT-1]}"; do
    case "$dn_word" in -*) ;; *) dn_path="$dn_path $dn_word" ;; esac
  done
  dn_path="\${dn_path# }"
  dn_words="$(_datanet_words "$dn_path")"
  while [[ -z "$dn_words" && "\${dn_path% *}" != "$dn_path" ]]; do
    dn_path="\${dn_path% *}"
    dn_words="$(_datanet_words "$dn_path")"
  done
  dn_list=("\${(@f)dn_words}")
  [[ "\${words[CURRENT]}" == -* ]] || dn_list=("\${(@)dn_list:#-*}")
  if (( \${#dn_list} )); then _describe datanet dn_list; else _files; fi
}
compdef _datanet datanet
`
}

interface Word {
  readonly word: string
  readonly text: string
}

/** What may follow each path of commands. */
type Words = ReadonlyMap<string, readonly Word[]>

function casesOf(words: Words, say: (word: Word) => string, between: string): string {
  return [...words]
    .map(([path, next]) => `    '${path}') echo ${quote(next.map(say).join(between))} ;;`)
    .join('\n')
}

/** For every shell: a quote ends the text, stands by itself, and begins it again. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function wordsOf(program: Command, path = ''): Map<string, readonly Word[]> {
  const commands = program.commands.map((one) => ({ word: one.name(), text: one.description() }))
  const options = program.options.map((one) => ({ word: one.long ?? '', text: one.description }))
  const choices = program.registeredArguments.flatMap(({ argChoices = [] }) =>
    argChoices.map((word) => ({ word, text: '' }))
  )
  const found = new Map<string, readonly Word[]>([[path, [...commands, ...choices, ...options]]])
  for (const one of program.commands) {
    const below = wordsOf(one, path === '' ? one.name() : `${path} ${one.name()}`)
    for (const [name, next] of below) found.set(name, next)
  }
  return found
}

function fish(words: Words): string {
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
