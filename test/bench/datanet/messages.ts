/** What a side is started with. */
export interface SideInit {
  readonly name: string
  readonly dataDir: string
  /** The file by which it joins. */
  readonly networkFile: string
}

/** What one deed cost its process; the memory is the most that it ever held. */
export interface Cost {
  readonly ms: number
  readonly cpuMs: number
  readonly peakRssMb: number
}

/** Who a side is. */
export interface Started {
  readonly peerId: string
  readonly account: string
  readonly addresses: readonly string[]
}

export type ToSide = 'stop' | { readonly do: string; readonly argument: unknown }

export type FromSide =
  | { readonly started: Started }
  | { readonly done: number; readonly total: number }
  | { readonly result: unknown; readonly cost: Cost }
  | { readonly failed: string }
