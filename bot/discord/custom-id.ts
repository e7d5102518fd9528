/** What a control of ours stands for: an action, and what it acts on. */
export interface Control {
  readonly action: string
  readonly subject: string
}

const VERSION = 'v1'
/** Discord's bound. */
const MAX = 100

/** The custom id of a control: everything it needs is in it, so that it outlives the process. */
export function customId({ action, subject }: Control): string {
  const id = `${VERSION}:${action}:${subject}`
  if (id.length > MAX) throw new RangeError(`a custom id of ${id.length} characters`)
  return id
}

/** The control that a custom id means; undefined for those of other versions and other bots. */
export function readCustomId(id: string): Control | undefined {
  const [, action, subject] = /^v1:([a-z]+):(.+)$/.exec(id) ?? []
  return action === undefined || subject === undefined ? undefined : { action, subject }
}
