import type { Content } from '../../protocol/datanet/content.ts'

/** One of the texts of a contribution, by the field that it stands in. */
export interface SaidText {
  /** Such as `text`, or `turns.2.text` in a dialogue. */
  readonly field: string
  readonly text: string
  /** Whether it is what is contributed, and not what stands beside it, such as a title or a reason. */
  readonly isBody: boolean
}

/** All free texts of `content` in their order. */
export function saidIn({ schema, content }: Content): readonly SaidText[] {
  const body = (field: string, text: string): SaidText => ({ field, text, isBody: true })
  const beside = (field: string, text: string | undefined): SaidText[] =>
    text === undefined ? [] : [{ field, text, isBody: false }]
  switch (schema) {
    case 'text/1':
      return [...beside('title', content.title), body('text', content.text)]
    case 'qa/1':
      return [body('question', content.question), body('answer', content.answer)]
    case 'dialogue/1':
      return [
        ...beside('title', content.title),
        ...content.turns.map(({ text }, index) => body(`turns.${index}.text`, text))
      ]
    case 'label/1':
      return [body('text', content.text), ...beside('label', content.label)]
    case 'correction/1':
      return [
        ...beside('question', content.question),
        ...beside('wrong', content.wrong),
        body('right', content.right)
      ]
    case 'preference/1': {
      const answers =
        'answers' in content
          ? content.answers.map((answer, index) => body(`answers.${index}`, answer))
          : [body('answer', content.answer)]
      return [body('question', content.question), ...answers, ...beside('reason', content.reason)]
    }
    case 'file/1':
      return [...beside('name', content.name), ...beside('caption', content.caption)]
  }
}

/** The body of `content` as one text; empty where it has none, as a file. */
export function bodyOf(content: Content): string {
  return saidIn(content)
    .filter(({ isBody }) => isBody)
    .map(({ text }) => text)
    .join('\n\n')
}
