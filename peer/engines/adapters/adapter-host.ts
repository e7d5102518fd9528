import type { ChatTarget } from '../upstream/chat-body.ts'

/** A model server that takes adapters beside its base. */
export interface AdapterHost {
  /**
   * Puts an adapter into the server's memory under its CID, and looks whether it is there: a server may
   * say that it loaded what it did not. Refuses ADAPTER_REFUSED, or as UpstreamHttp does.
   */
  load(cid: string, folder: string, options: { readonly signal: AbortSignal }): Promise<void>
  /** Takes it out; one that is not there is out. */
  unload(cid: string, options: { readonly signal: AbortSignal }): Promise<void>
  /** What to ask to be answered with it. */
  target(cid: string): ChatTarget & { readonly isExact: boolean }
}
