// What is right in each tenant of the file and wrong in two together: keys that would let one sign for the other, and one
// account with two quotas.

import type { AuthoritySettings } from '../access/authority.ts';
import { accessOf } from './access.ts';
import type { Members } from './members.ts';
import type { TenantSettings } from './tenant.ts';
import { Variables } from './variables.ts';

export function findClashes(tenants: ReadonlyMap<string, TenantSettings>, members: Members): void {
  findSigners(tenants, members);
  const users = new Map<string, { readonly name: string; readonly quota: string }>();
  for (const [name, { accounts }] of tenants) {
    for (const account of accounts) {
      const quota = JSON.stringify(account.quota);
      const user = users.get(account.id);
      if (user !== undefined && user.quota !== quota) {
        const place = `${name}.${account.provider.toLowerCase()}.quota`;
        members.fault(place, `must be that of ${user.name}, which uses the same account`);
      }
      users.set(account.id, { name, quota });
    }
  }
}

function findSigners(tenants: ReadonlyMap<string, TenantSettings>, members: Members): void {
  const secrets = new Map<string, string>();
  const sets = new KeySetUsers();
  // What is wrong in the gateway's own settings is told there.
  const own = Variables.safeParse(members.given.texts).data;
  const authority = own && accessOf(own)?.authority;
  for (const secret of authority?.secrets ?? []) secrets.set(secret.reveal(), 'AUTH_JWT_SECRET');
  if (authority !== undefined) sets.add('AUTH_JWKS_URL', authority);
  for (const [name, { authority: theirs }] of tenants) {
    if (theirs === undefined) continue;
    for (const secret of theirs.secrets) {
      const other = secrets.get(secret.reveal());
      // Whoever has it would sign for both.
      if (other !== undefined) members.fault(`${name}.auth.secrets`, `must have none of ${other}`);
      secrets.set(secret.reveal(), name);
    }
    const other = sets.add(name, theirs);
    if (other !== undefined) {
      members.fault(`${name}.auth`, `must have another issuer or audience than ${other}, which has the same jwksUrl`);
    }
  }
}

/** Who trusts which key set. Two that trust one are told apart by audience and issuer alone. */
class KeySetUsers {
  /** By key set and audience, and then by issuer; undefined where any issuer will do. */
  readonly #users = new Map<string, Map<string | undefined, string>>();

  /** @returns another one for which a token of this one would be good. */
  add(name: string, { jwksUrl, audience, ...set }: AuthoritySettings): string | undefined {
    if (jwksUrl === undefined) return undefined;
    const issuers = set.issuers ?? [undefined];
    const key = JSON.stringify([new URL(jwksUrl).href, audience]);
    const users = this.#users.get(key) ?? new Map<string | undefined, string>();
    this.#users.set(key, users);
    const [anyUser] = users.values();
    const others = issuers.map((issuer) =>
      issuer === undefined ? anyUser : (users.get(issuer) ?? users.get(undefined)),
    );
    for (const issuer of issuers) users.set(issuer, name);
    return others.find((other) => other !== undefined);
  }
}
