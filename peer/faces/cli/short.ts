/** The ends of an id: enough to recognise it, and to name it in another command. */
export function short(id: string): string {
  return id.length <= 16 ? id : `${id.slice(0, 8)}…${id.slice(-6)}`
}

/** The end of a peer's id: they all begin alike. */
export function shortPeer(peerId: string): string {
  return `…${peerId.slice(-8)}`
}

/** An instant as minutes of local time. */
export function minute(atMs: number): string {
  const local = new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16).replace('T', ' ')
}
