/** What both peers' calls agree on; accounts are made of the worker's number. */
export const RECEIVER = '0x1111111111111111111111111111111111111111'
export const TOKEN = '0x20c0000000000000000000000000000000000000'
export const NETWORK = 'eip155:84532'
export const DEPOSIT = 10n ** 15n
export const secretOf = (worker) => `0x${(worker + 1).toString(16).padStart(64, '0')}`
export const saltOf = (worker) => `0x${(worker + 1_000).toString(16).padStart(64, '0')}`
