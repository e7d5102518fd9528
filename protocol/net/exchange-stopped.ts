/**
 * Why an exchange was cut short, the `reason` of its handler's signal: the caller `cancelled` and
 * waits for the end value, the caller is `gone`, or the handler is `late`. Named AbortError, as every
 * abort is.
 */
export class ExchangeStopped extends Error {
  readonly how: 'cancelled' | 'gone' | 'late'
  constructor(how: 'cancelled' | 'gone' | 'late') {
    super(`the exchange was stopped: ${how}`)
    this.name = 'AbortError'
    this.how = how
  }
}
