// Stands in for @helia/http: blocks come from peers, never from HTTP gateways.
export const withHTTP = () => {
  throw new Error('lean install: no HTTP gateways')
}
