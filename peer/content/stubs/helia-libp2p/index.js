// Stands in for @helia/libp2p, which would bring browser and mobile transports: peer/content builds
// Helia over the node that peer/net already runs.
const refuse = () => {
  throw new Error(
    'lean install: use createContent() from peer/content, which takes your libp2p node'
  )
}
export const withLibp2p = refuse
export const withLibp2pLight = refuse
export const libp2pDefaults = refuse
