/** A number in brackets, or several of them. */
const MARK = /\[\s*(\d{1,3}(?:\s*,\s*\d{1,3})*)\s*\]/g
/** The beginning of what may become a mark. */
const OPEN = /\[[\d\s,]{0,24}$/

/** Numbers of a model's marks as its readers see them: in the order of first use. */
export interface Marks {
  /** The places of the passages that were cited, in the order of their marks. */
  readonly cited: readonly number[]
  /** The text with its marks renumbered; what may be the beginning of one is kept for the next call. */
  take(text: string): string
  /** What was kept. */
  end(): string
}

/** Marks over `passages` passages: numbers of none of them are left out. */
export function createMarks(passages: number): Marks {
  const cited: number[] = []
  let kept = ''

  function renumber(text: string): string {
    return text.replace(MARK, (_, numbers: string) =>
      numbers
        .split(',')
        .map((number) => Number(number) - 1)
        .filter((place) => place >= 0 && place < passages)
        .map((place) => {
          if (!cited.includes(place)) cited.push(place)
          return `[${cited.indexOf(place) + 1}]`
        })
        .join('')
    )
  }

  return {
    cited,
    take(text) {
      const whole = kept + text
      const open = OPEN.exec(whole)
      kept = open === null ? '' : open[0]
      return renumber(whole.slice(0, whole.length - kept.length))
    },
    end() {
      const last = kept
      kept = ''
      return renumber(last)
    }
  }
}

/** `sentence` without its marks: they are nobody's words. */
export function withoutMarks(sentence: string): string {
  return sentence.replace(/\s*\[\d{1,3}\]/g, '')
}
