/** Where one sentence ends and the next begins; a line is an end as well. */
const END = /(?<=[.!?…]["'”’)\]]*)\s+|\n+/
/** Characters after which a long sentence leaves in parts, so that readers see it grow. */
const PART = 48

/** Cuts growing text into pieces at the ends of sentences, and long sentences between words. */
export interface TextCutter {
  /** What can leave once `text` has come; the pieces and the rest, joined, are the text. */
  take(text: string): string[]
  /** The rest. */
  end(): string[]
}

/** A cutter at the beginning of a text: paid for and written piece by piece, tokens would cost too much. */
export function createTextCutter(): TextCutter {
  let buffer = ''
  const leave = (length: number): string => {
    const text = buffer.slice(0, length)
    buffer = buffer.slice(length)
    return text
  }
  return {
    take(text) {
      buffer += text
      const pieces: string[] = []
      for (;;) {
        const end = END.exec(buffer)
        const to = end === null ? -1 : end.index + end[0].length
        // What follows may still belong to the gap; a sentence is over when the next one begins.
        if (to <= 0 || to >= buffer.length) break
        pieces.push(leave(to))
      }
      const space = buffer.length < PART ? -1 : buffer.search(/\s+\S*$/)
      if (space > 0) pieces.push(leave(space))
      return pieces
    },
    end: () => (buffer === '' ? [] : [leave(buffer.length)])
  }
}
