// Whose accounts are used, by name. What is a tenant's own is made when it is first asked for: one that is not costs its
// settings. The list may be replaced while it is in use: who stays as they were keep everything, the others' is made anew.

import type { TenantsOfTokens } from '../access/admission.ts';
import type { Authority, AuthoritySettings } from '../access/authority.ts';
import type { InvitationType } from '../invitation/kinds.ts';
import type { Named } from '../invitation/ref.ts';
import type { NotificationTaker } from '../server/webhooks.ts';
import type { TenantSettings } from '../settings/tenant.ts';
import type { Tenant } from './tenant.ts';

/** By name; null names the one of a gateway without a file of tenants. */
export type TenantList = ReadonlyMap<string | null, TenantSettings>;

export interface Tenants extends TenantsOfTokens {
  /** Undefined where there is none of this name. */
  of(name: string | null): Tenant | Promise<Tenant> | undefined;
  /** A tenant's `defaultsOf`, which makes none. */
  defaultsOf(name: string | null, type: InvitationType): Named | undefined;
  /** Who takes a tenant's notifications. */
  takerOf(name: string | null): NotificationTaker;
  /** Those that were made, and are in use. */
  made(): readonly Tenant[];
  /** @returns the names of those that have changed or are gone. */
  replace(list: TenantList): ReadonlySet<string | null>;
  /** Also of those that are made from now on. */
  completeStreams(): void;
  stop(): void;
}

export interface TenantsOptions {
  readonly create: (name: string | null, settings: TenantSettings) => Promise<Tenant>;
  readonly createAuthority: (name: string, settings: AuthoritySettings) => Authority;
}

interface Entry {
  readonly name: string | null;
  readonly settings: TenantSettings;
  tenant?: Tenant | Promise<Tenant> | undefined;
  authority?: Authority;
}

export function createTenants(list: TenantList, { create, createAuthority }: TenantsOptions): Tenants {
  let entries = new Map<string | null, Entry>();
  for (const [name, settings] of list) entries.set(name, { name, settings });
  /** They finish what is in flight. */
  const retired = new Set<Tenant>();
  let isEnding = false;

  function make(entry: Entry): Promise<Tenant> {
    const making = create(entry.name, entry.settings);
    entry.tenant = making;
    making.then(
      (tenant) => {
        entry.tenant = tenant;
        if (isEnding) tenant.streams.stop();
      },
      () => {
        entry.tenant = undefined;
      },
    );
    return making;
  }

  function of(name: string | null): Tenant | Promise<Tenant> | undefined {
    const entry = entries.get(name);
    return entry && (entry.tenant ?? make(entry));
  }

  function made(): readonly Tenant[] {
    return [...entries.values()].flatMap(({ tenant }) => (tenant && !(tenant instanceof Promise) ? [tenant] : []));
  }

  async function retire({ tenant, authority }: Entry): Promise<void> {
    authority?.keys?.stop();
    const old = await tenant;
    if (old === undefined) return;
    retired.add(old);
    await old.retire();
    retired.delete(old);
  }

  return {
    of,
    made,
    has: (name) => entries.has(name),
    authorityOf(name) {
      const entry = entries.get(name);
      if (entry?.settings.authority === undefined) return undefined;
      entry.authority ??= createAuthority(name, entry.settings.authority);
      return entry.authority;
    },
    defaultsOf: (name, type) => entries.get(name)?.settings.accounts.find(({ reads }) => reads === type)?.defaults,
    takerOf(name) {
      // Looked up each time: the list may be replaced while a notification arrives.
      const readerOf = (provider: string) =>
        entries.get(name)?.settings.accounts.find((account) => account.provider === provider)?.notifications;
      return {
        accepts: (provider) => readerOf(provider) !== undefined,
        // A forged one makes nothing. One that is signed does, because other processes are to be told of it.
        receive(provider, body, headers) {
          if (!readerOf(provider)?.isGenuine(body, headers)) return 'forged';
          const tenant = of(name);
          return tenant instanceof Promise
            ? tenant.then(({ notifications }) => notifications.receive(provider, body, headers))
            : (tenant?.notifications.receive(provider, body, headers) ?? 'forged');
        },
      };
    },
    replace(newList) {
      const changed = new Set<string | null>();
      const before = entries;
      entries = new Map();
      for (const [name, settings] of newList) {
        const old = before.get(name);
        const isSame = old?.settings.fingerprint === settings.fingerprint;
        entries.set(name, isSame ? old : { name, settings });
      }
      for (const [name, entry] of before) {
        if (entries.get(name) === entry) continue;
        changed.add(name);
        // One that could not be made is none.
        retire(entry).catch(() => undefined);
      }
      return changed;
    },
    completeStreams() {
      isEnding = true;
      for (const { streams } of made()) streams.stop();
    },
    stop() {
      for (const tenant of [...made(), ...retired]) tenant.stop();
      for (const { authority } of entries.values()) authority?.keys?.stop();
    },
  };
}
