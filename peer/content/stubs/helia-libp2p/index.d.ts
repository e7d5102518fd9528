import type { Helia } from '@helia/interface'
import type { Libp2p, ServiceMap } from '@libp2p/interface'
import type { Libp2pOptions } from 'libp2p'
export type DefaultLibp2pServices = ServiceMap
export interface CreateLibp2pOptions<T extends ServiceMap = ServiceMap> extends Libp2pOptions<T> {}
export interface HeliaWithLibp2p<M extends ServiceMap = ServiceMap> extends Helia {
  libp2p: Libp2p<M>
}
