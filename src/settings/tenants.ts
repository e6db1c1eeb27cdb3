// The file of tenants: whose accounts there are, by name. Every mistake is reported at once, also what is right in each
// tenant and wrong in two together.

import { type Given, type Mistake, textOf } from './environment.ts';
import { Members } from './members.ts';
import { readTenant, type TenantSettings } from './tenant.ts';
import { Variables } from './variables.ts';

export interface TenantsRead {
  readonly tenants: ReadonlyMap<string, TenantSettings>;
  readonly mistakes: readonly Mistake[];
}

/** It stands in paths and in the log. */
const NAME = /^[a-z0-9-]{1,32}$/;

/** @param path The file's; what is given is the environment that its secrets may stand in. */
export function readTenants(path: string, given: Given): TenantsRead {
  const members = new Members('TENANTS_FILE', given);
  const tenants = new Map<string, TenantSettings>();
  const text = textOf(path);
  if (text === undefined) members.fault('', 'must name a file that can be read');
  else {
    const entries = members.of(jsonOf(text), '');
    for (const [n, [name, value]] of entries.entries()) {
      if (NAME.test(name)) tenants.set(name, readTenant(members, name, value));
      else members.fault(`tenant ${n + 1}`, 'must have a name of 1 to 32 small letters, digits and hyphens');
    }
    if (entries.length === 0 && members.mistakes.length === 0)
      members.fault('', 'must name a file with a tenant in it');
    findClashes(tenants, members);
  }
  return { tenants, mistakes: members.mistakes };
}

function findClashes(tenants: ReadonlyMap<string, TenantSettings>, members: Members): void {
  const users = new Map<string, { readonly name: string; readonly quota: string }>();
  const signers = new Map<string, string>();
  for (const secret of Variables.shape.AUTH_JWT_SECRET.safeParse(members.given.texts.AUTH_JWT_SECRET).data ?? []) {
    signers.set(secret.reveal(), 'AUTH_JWT_SECRET');
  }
  for (const [name, { accounts, authority }] of tenants) {
    for (const secret of authority?.secrets ?? []) {
      const other = signers.get(secret.reveal());
      // Whoever has it would sign for both.
      if (other !== undefined) members.fault(`${name}.auth.secrets`, `must have none of ${other}`);
      signers.set(secret.reveal(), name);
    }
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

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
