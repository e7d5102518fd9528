import { DatanetError } from '../protocol/base/errors.ts'
import type { PeerApi, Role } from './api/peer-api.ts'

/** The roles that a peer takes without another wish. */
export const ROLES = ['host', 'provider', 'consumer'] as const satisfies readonly Role[]
/** Every role: a tower pays gas for others, which nobody does without meaning to. */
export const ALL_ROLES = [...ROLES, 'tower'] as const satisfies readonly Role[]

/** `api` of a peer that takes `roles` only: what needs another one refuses ROLE_OFF. */
export function withRoles(api: PeerApi, roles: readonly Role[]): PeerApi {
  const { datanets, models, channels } = api

  function only<F extends (...args: never[]) => Promise<unknown>>(role: Role, method: F): F {
    if (roles.includes(role)) return method
    return (async () => {
      throw off(role)
    }) as unknown as F
  }

  return {
    ...api,
    datanets: {
      ...datanets,
      create: only('host', datanets.create),
      publish: only('host', datanets.publish),
      host: only('host', datanets.host)
    },
    models: {
      ...models,
      build: only('provider', models.build),
      adopt: only('provider', models.adopt),
      serve: only('provider', models.serve),
      retire: only('provider', models.retire),
      ask: (...given) => {
        if (roles.includes('consumer')) return models.ask(...given)
        return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(off('consumer')) }) }
      }
    },
    channels: { ...channels, open: only('consumer', channels.open) }
  }
}

function off(role: Role): DatanetError {
  const hint = `this peer is no ${role}; start it with --roles and ${role} among them`
  return new DatanetError('ROLE_OFF', { role }, { hint })
}
