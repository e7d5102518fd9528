import { expect, test } from 'vitest'
import { createLog } from '../../peer/log.ts'

test('a line holds plain values, and nothing under a name that is never harmless', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => lines.push(line) })
  const secrets = {
    secretKey: 'hush',
    token: 'hush',
    prompt: 'hush',
    question: 'hush',
    salt: 'hush'
  }
  log.info({
    scope: 'call',
    priceWei: 12n,
    error: new Error('why'),
    text: 'x'.repeat(900),
    ...secrets
  })
  log.debug({ scope: 'unheard' })
  expect(lines).toHaveLength(1)
  expect(lines[0]).not.toContain('hush')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    scope: 'call',
    priceWei: '12',
    error: 'Error: why',
    text: 'x'.repeat(400)
  })
})
