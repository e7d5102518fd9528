import { expect, test } from 'vitest'
import { mayBe, mediaTypeOf } from '../../../peer/intake/media.ts'

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
const text = (words: string) => Uint8Array.from(Buffer.from(words))

test.each<[string, Uint8Array, string]>([
  ['image/png', bytes('89504e470d0a1a0a00'), 'a.bin'],
  ['image/jpeg', bytes('ffd8ffe0'), 'a.png'],
  ['image/webp', text('RIFF____WEBPVP8 '), 'a'],
  ['audio/wav', text('RIFF____WAVEfmt '), 'a'],
  ['audio/mpeg', bytes('fffb9064'), 'a'],
  ['video/mp4', text('____ftypisom'), 'a'],
  ['image/avif', text('____ftypavif'), 'a'],
  ['application/pdf', text('%PDF-1.7'), 'a.txt'],
  ['text/csv', text('a,b\n'), 'a.csv'],
  ['application/json', text('{}'), 'A.JSON'],
  ['text/plain', text('words'), 'a.unknown'],
  ['application/octet-stream', bytes('00ff00'), 'a.csv']
])('%s is told by its bytes, or else by its name', (type, content, name) => {
  expect(mediaTypeOf(content, name)).toBe(type)
  expect(mayBe(content, type)).toBe(true)
})

test.each<[string, Uint8Array, string]>([
  ['text as an image', text('<html>'), 'image/png'],
  ['an image as another', bytes('ffd8ffe0'), 'image/png'],
  ['an image as text', bytes('89504e470d0a1a0a'), 'text/plain'],
  ['a program as text', bytes('7f454c460200'), 'text/plain'],
  ['a program as JSON', bytes('7f454c460200'), 'application/json'],
  ['words as sound', text('la la la'), 'audio/mpeg']
])('%s is not what it says', (_, content, mime) => {
  expect(mayBe(content, mime)).toBe(false)
})

test('what shows in no bytes is taken as it says', () => {
  expect(mayBe(bytes('7f454c460200'), 'application/x-elf')).toBe(true)
  expect(mayBe(text('PK\u0003\u0004'), 'application/epub+zip')).toBe(true)
  expect(mayBe(text('<svg/>'), 'image/svg+xml')).toBe(true)
})
