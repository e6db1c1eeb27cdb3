// A tenant of the list. What is its own is made when it is first asked for, and goes on for a while after the list has it no
// more, for the requests that were admitted before.

import type { Authority } from '../access/authority.ts';
import type { KeySet } from '../access/keys.ts';
import type { TenantOfTokens } from '../access/viewer.ts';
import type { InvitationType } from '../invitation/kinds.ts';
import type { Named } from '../invitation/ref.ts';
import type { TenantSettings } from '../settings/tenant.ts';
import type { Tenant } from './tenant.ts';

export interface ListedTenantOptions {
  readonly create: () => Promise<Tenant>;
  readonly createAuthority: () => Authority | undefined;
}

export class ListedTenant implements TenantOfTokens {
  /** Empty where there is no file of tenants. */
  readonly name: string;
  readonly settings: TenantSettings;
  readonly #options: ListedTenantOptions;
  #tenant: Tenant | Promise<Tenant> | undefined;
  #authority: Authority | undefined;
  #isServed = true;

  constructor(name: string, settings: TenantSettings, options: ListedTenantOptions) {
    this.name = name;
    this.settings = settings;
    this.#options = options;
  }

  get isServed(): boolean {
    return this.#isServed;
  }

  get authority(): Authority | undefined {
    this.#authority ??= this.#isServed ? this.#options.createAuthority() : undefined;
    return this.#authority;
  }

  /** Where its tokens are checked with published keys of its own, and one has come. */
  get keys(): KeySet | undefined {
    return this.#authority?.keys;
  }

  defaultsOf(type: InvitationType): Named | undefined {
    return this.settings.accounts.find(({ reads }) => reads === type)?.defaults;
  }

  /** Where it is made and in use. */
  get made(): Tenant | undefined {
    return this.#tenant instanceof Promise ? undefined : this.#tenant;
  }

  /** @returns undefined where it is served no more and was never made. */
  open(): Tenant | Promise<Tenant> | undefined {
    return this.#tenant ?? (this.#isServed ? this.#make() : undefined);
  }

  /** Serves those who have it already, and then ends. */
  async retire(): Promise<void> {
    this.#isServed = false;
    this.#authority?.keys?.stop();
    await (await this.#tenant)?.retire();
    this.#tenant = undefined;
  }

  stop(): void {
    this.made?.stop();
    this.#authority?.keys?.stop();
  }

  #make(): Promise<Tenant> {
    const making = this.#options.create();
    this.#tenant = making;
    making.then(
      (tenant) => {
        this.#tenant = tenant;
      },
      () => {
        this.#tenant = undefined;
      },
    );
    return making;
  }
}
