// The file of tenants: whose accounts there are, by name. Every mistake is reported at once, also what is right in each
// tenant and wrong in two together.

import { findClashes } from './clashes.ts';
import { type Given, type Mistake, textOf } from './environment.ts';
import { Members } from './members.ts';
import { readTenant, type TenantSettings } from './tenant.ts';

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

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
