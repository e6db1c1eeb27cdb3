// Whose accounts are used, by name. The list may be replaced while it is in use: tenants that stay as they were keep
// everything, and the others are made anew.

import type { Authority, AuthoritySettings } from '../access/authority.ts';
import type { KeySet } from '../access/keys.ts';
import type { TenantOfTokens } from '../access/viewer.ts';
import type { InvitationType } from '../invitation/kinds.ts';
import type { Named } from '../invitation/ref.ts';
import type { NotificationTaker } from '../server/webhooks.ts';
import type { TenantSettings } from '../settings/tenant.ts';
import { ListedTenant } from './listed-tenant.ts';
import type { Tenant } from './tenant.ts';

/** By name; null names the one of a gateway without a file of tenants. */
export type TenantList = ReadonlyMap<string | null, TenantSettings>;

export interface Tenants {
  /** Undefined where the list has none of this name. */
  named(name: string): TenantOfTokens | undefined;
  /**
   * What the operations of a viewer of this tenant work with; null: of the one without a name. A viewer that was admitted
   * before the list was replaced gets what it was admitted to, and never what another tenant of its name has.
   * @returns undefined where the list has it no more, and it was never made.
   */
  of(tenant: TenantOfTokens | null): Tenant | Promise<Tenant> | undefined;
  /** `defaultsOf` of the one without a name. */
  defaultsOf(type: InvitationType): Named | undefined;
  /** Who takes a tenant's notifications. */
  takerOf(name: string | null): NotificationTaker;
  /** Those that were made, and are in use. */
  made(): readonly Tenant[];
  /** Of those that are in the list and have their own. */
  keySets(): readonly KeySet[];
  /** Those that have changed or are gone are served no more. */
  replace(list: TenantList): void;
  /** Also of those that are made from now on. */
  completeStreams(): void;
  stop(): void;
}

export interface TenantsOptions {
  readonly create: (name: string | null, settings: TenantSettings) => Promise<Tenant>;
  readonly createAuthority: (name: string, settings: AuthoritySettings) => Authority;
}

export function createTenants(list: TenantList, { create, createAuthority }: TenantsOptions): Tenants {
  let listed = new Map<string | null, ListedTenant>();
  for (const [name, settings] of list) listed.set(name, enlist(name, settings));
  /** They finish what is in flight. */
  const retired = new Set<ListedTenant>();
  let isEnding = false;

  function enlist(name: string | null, settings: TenantSettings): ListedTenant {
    return new ListedTenant(name ?? '', settings, {
      async create() {
        const tenant = await create(name, settings);
        if (isEnding) tenant.streams.stop();
        return tenant;
      },
      createAuthority: () =>
        name === null || settings.authority === undefined ? undefined : createAuthority(name, settings.authority),
    });
  }

  function made(): readonly Tenant[] {
    return [...listed.values()].flatMap(({ made: tenant }) => tenant ?? []);
  }

  async function retire(tenant: ListedTenant): Promise<void> {
    retired.add(tenant);
    // One that could not be made is none.
    await tenant.retire().catch(() => undefined);
    retired.delete(tenant);
  }

  const accountsOf = (name: string | null) => listed.get(name)?.settings.accounts ?? [];

  return {
    named: (name) => listed.get(name),
    of(tenant) {
      if (tenant === null) return listed.get(null)?.open();
      return tenant instanceof ListedTenant ? tenant.open() : undefined;
    },
    made,
    keySets: () => [...listed.values()].flatMap(({ keys }) => keys ?? []),
    defaultsOf: (type) => listed.get(null)?.defaultsOf(type),
    takerOf(name) {
      // Looked up each time: the list may be replaced while a notification arrives.
      const readerOf = (provider: string) =>
        accountsOf(name).find((account) => account.provider === provider)?.notifications;
      return {
        accepts: (provider) => readerOf(provider) !== undefined,
        // A forged one makes nothing. One that is signed does, because other processes are to be told of it.
        receive(...notification) {
          const [provider, body, headers] = notification;
          if (!readerOf(provider)?.isGenuine(body, headers)) return 'forged';
          const tenant = listed.get(name)?.open();
          return tenant instanceof Promise
            ? tenant.then(({ notifications }) => notifications.receive(...notification))
            : (tenant?.notifications.receive(...notification) ?? 'forged');
        },
      };
    },
    replace(newList) {
      const before = listed;
      listed = new Map();
      for (const [name, settings] of newList) {
        const old = before.get(name);
        const isSame = old?.settings.fingerprint === settings.fingerprint;
        listed.set(name, isSame ? old : enlist(name, settings));
      }
      for (const [name, tenant] of before) if (listed.get(name) !== tenant) void retire(tenant);
    },
    completeStreams() {
      isEnding = true;
      for (const { streams } of made()) streams.stop();
    },
    stop() {
      for (const tenant of [...listed.values(), ...retired]) tenant.stop();
    },
  };
}
