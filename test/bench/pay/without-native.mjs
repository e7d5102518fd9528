// Loaded first: this process finds no native secp256k1, as on a platform without a binary.
import { Module } from 'node:module'

const load = Module._load
Module._load = function (request, ...rest) {
  if (request === 'secp256k1/bindings.js') throw new Error('no binary for this platform')
  return load.call(this, request, ...rest)
}
