export type HTTPOptions = {}
