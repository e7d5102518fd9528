/** What one check came to: fine, worth knowing, or in the way of a working peer. */
export interface Finding {
  readonly check: string
  readonly mark: 'ok' | 'warn' | 'wrong'
  /** What is so. */
  readonly text: string
  /** What to do about it, where something is to be done. */
  readonly todo?: string
}

/** A check that found nothing to do. */
export function fine(check: string, text: string): Finding {
  return { check, mark: 'ok', text }
}

/** A check that found something worth knowing, with which the peer works all the same. */
export function warning(check: string, text: string, todo: string): Finding {
  return { check, mark: 'warn', text, todo }
}

/** A check that found what keeps the peer from working, or its keys from being safe. */
export function wrong(check: string, text: string, todo: string): Finding {
  return { check, mark: 'wrong', text, todo }
}
