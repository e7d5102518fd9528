import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../../peer/store/database.ts'
import { createDocumentStore } from '../../../peer/store/documents.ts'
import { cidOf } from '../../../protocol/base/codec.ts'

function store() {
  const database = openDatabase(':memory:')
  onTestFinished(() => database.close())
  return createDocumentStore(database)
}

const name = (id: string, kind = 'card') => ({ issuer: 'peer', kind, id })
const shown = (id: string, seq: number, kind = 'card') => ({
  ...name(id, kind),
  ...{ seq, bytes: Uint8Array.of(seq), labels: ['weaving'] }
})

test('the newest document of a name is shown, and an older one does not come back', () => {
  const documents = store()
  documents.put(shown('a', 2))
  documents.put(shown('a', 3))
  documents.put(shown('a', 1))
  expect(documents.newest(name('a'))).toEqual(Uint8Array.of(3))
  expect(documents.byCid(cidOf(Uint8Array.of(3)))).toEqual(Uint8Array.of(3))
  expect(documents.byCid(cidOf(Uint8Array.of(2)))).toBeUndefined()
  expect(documents.newest(name('b'))).toBeUndefined()
})

test('the catalogue lists what is shown, newest first, and leaves receipts out', () => {
  const documents = store()
  documents.put(shown('a', 1))
  documents.put(shown('b', 2, 'offer'))
  documents.put(shown('call', 3, 'receipt'))
  const lines = [...(documents.catalogue() as Iterable<{ id: string }>)]
  expect(lines).toEqual([
    { ...name('b', 'offer'), cid: cidOf(Uint8Array.of(2)), labels: ['weaving'] },
    { ...name('a'), cid: cidOf(Uint8Array.of(1)), labels: ['weaving'] }
  ])
  expect(documents.newest(name('call', 'receipt'))).toEqual(Uint8Array.of(3))
})

test('a document that was taken back is shown no more', () => {
  const documents = store()
  documents.put(shown('a', 1))
  documents.remove(name('a'))
  expect(documents.newest(name('a'))).toBeUndefined()
  expect(documents.ofKind('card')).toEqual([])
  documents.put(shown('a', 1))
  expect(documents.ofKind('card')).toEqual([shown('a', 1)])
})
