import { isUtf8 } from 'node:buffer'

/** How the bytes of a kind of file begin, and the media types that such a file may be said to be. */
interface Kind {
  readonly types: readonly string[]
  readonly starts?: readonly number[]
  /** From the start of the file. */
  readonly at?: number
  /** What must stand elsewhere besides: text, and from where. */
  readonly also?: readonly [number, string]
}

const ascii = (text: string) => [...text].map((one) => one.charCodeAt(0))

const KINDS: readonly Kind[] = [
  { types: ['image/png'], starts: [0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a] },
  { types: ['image/jpeg'], starts: [0xff, 0xd8, 0xff] },
  { types: ['image/gif'], starts: ascii('GIF8') },
  { types: ['image/webp'], starts: ascii('RIFF'), also: [8, 'WEBP'] },
  {
    types: ['audio/wav', 'audio/x-wav', 'audio/vnd.wave'],
    starts: ascii('RIFF'),
    also: [8, 'WAVE']
  },
  { types: ['image/bmp'], starts: ascii('BM') },
  { types: ['image/tiff'], starts: [0x49, 0x49, 0x2a, 0] },
  { types: ['image/tiff'], starts: [0x4d, 0x4d, 0, 0x2a] },
  { types: ['application/pdf'], starts: ascii('%PDF-') },
  { types: ['application/gzip'], starts: [0x1f, 0x8b] },
  { types: ['audio/mpeg'], starts: ascii('ID3') },
  { types: ['audio/flac'], starts: ascii('fLaC') },
  { types: ['audio/ogg', 'video/ogg', 'application/ogg'], starts: ascii('OggS') },
  { types: ['video/webm', 'audio/webm', 'video/x-matroska'], starts: [0x1a, 0x45, 0xdf, 0xa3] },
  { types: ['application/vnd.apache.parquet'], starts: ascii('PAR1') },
  { types: ['image/avif'], at: 4, starts: ascii('ftypavif') },
  { types: ['image/heic', 'image/heif'], at: 4, starts: ascii('ftyphei') },
  { types: ['video/quicktime'], at: 4, starts: ascii('ftypqt') },
  { types: ['audio/mp4', 'audio/x-m4a'], at: 4, starts: ascii('ftypM4A') },
  { types: ['video/mp4', 'audio/mp4'], at: 4, starts: ascii('ftyp') },
  {
    types: [
      'application/zip',
      'application/epub+zip',
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      'application/vnd.openxmlformats-officedocument.presentationml.presentation',
      'application/vnd.oasis.opendocument.text'
    ],
    starts: [...ascii('PK'), 3, 4]
  }
]

/** Frames of MPEG audio without a tag begin with eleven set bits and no text does. */
const MPEG: Kind = { types: ['audio/mpeg'] }

/** By the end of a name, what is said of a file where nobody says it. */
const BY_NAME: Readonly<Record<string, string>> = {
  ...{ txt: 'text/plain', md: 'text/markdown', csv: 'text/csv', tsv: 'text/tab-separated-values' },
  ...{ json: 'application/json', html: 'text/html', svg: 'image/svg+xml', xml: 'application/xml' },
  ...{ jsonl: 'application/jsonl', mp3: 'audio/mpeg' }
}

/** The media type of a file by its bytes or else by its name; `application/octet-stream` of neither. */
export function mediaTypeOf(bytes: Uint8Array, name: string): string {
  const [type] = kindOf(bytes)?.types ?? []
  if (type !== undefined) return type
  const end = name.toLowerCase().split('.').at(-1) ?? ''
  const named = BY_NAME[end]
  if (named !== undefined && mayBe(bytes, named)) return named
  return isUtf8(bytes) && !bytes.includes(0) ? 'text/plain' : 'application/octet-stream'
}

/** Whether a file with these bytes may be said to be of the media type `mime`. */
export function mayBe(bytes: Uint8Array, mime: string): boolean {
  const kind = kindOf(bytes)
  if (kind !== undefined) return kind.types.includes(mime)
  // A type that shows in the first bytes does not show here.
  if (mime === MPEG.types[0] || KINDS.some(({ types }) => types.includes(mime))) return false
  const isText = mime.startsWith('text/') || /[/+](?:json|jsonl|xml)$/.test(mime)
  return !isText || (isUtf8(bytes) && !bytes.includes(0))
}

function kindOf(bytes: Uint8Array): Kind | undefined {
  const found = KINDS.find(({ starts = [], at = 0, also }) => {
    if (!starts.every((value, i) => bytes[at + i] === value)) return false
    return also === undefined || ascii(also[1]).every((value, i) => bytes[also[0] + i] === value)
  })
  if (found !== undefined) return found
  const [first = 0, second = 0] = bytes
  return first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x06) !== 0 ? MPEG : undefined
}
