// How many packages the install holds and how large they are: npx node test/bench/install-size.ts
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const modules = join(import.meta.dirname, '..', '..', 'node_modules')
const lock = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'))
const packages = Object.entries<{ dev?: boolean; devOptional?: boolean; link?: boolean }>(
  lock.packages
).filter(([path, { link }]) => path.startsWith('node_modules/') && link !== true)

/** Bytes on disk of a folder without its own node_modules, whose packages are counted themselves. */
function bytesOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .map((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return bytesOf(path)
      return entry.isFile() ? statSync(path).blocks * 512 : 0
    })
    .reduce((sum, bytes) => sum + bytes, 0)
}

const sized = packages
  .map(([path, { dev }]) => ({
    name: path.slice('node_modules/'.length),
    dev: dev === true,
    bytes: bytesOf(join(modules, '..', path))
  }))
  .sort((a, b) => b.bytes - a.bytes)
const inMegabytes = (some: typeof sized) =>
  `${some.length} packages, ${Math.round(some.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6)} MB`

console.log(`installed:   ${inMegabytes(sized)}`)
console.log(`to run:      ${inMegabytes(sized.filter(({ dev }) => !dev))}`)
console.log(`to develop:  ${inMegabytes(sized.filter(({ dev }) => dev))}`)
for (const { name, bytes } of sized.slice(0, 8)) {
  console.log(`${String(Math.round(bytes / 1e6)).padStart(6)} MB  ${name}`)
}
