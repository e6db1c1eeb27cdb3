// One tenant in the file of tenants: its accounts, and who signs for it. Members are the variables of a gateway without that
// file, in camelCase, as the schemas of the providers and of the gateway name them: there is no second list.

import type { AuthoritySettings } from '../access/authority.ts';
import { providers } from '../providers/index.ts';
import type { Account, Provider } from '../providers/provider.ts';
import type { Secret } from '../upstream/secret.ts';
import { isSecretSetting } from '../upstream/secret-setting.ts';
import type { Given } from './environment.ts';
import { type Found, fingerprintOf, type Members, type Variables as MemberVariables, memberOf } from './members.ts';
import { Variables } from './variables.ts';

export interface TenantSettings {
  readonly accounts: readonly Account[];
  /** Who signs its tokens, and no other's; undefined where the gateway's own authority does. */
  readonly authority: AuthoritySettings | undefined;
  /** Another one where anything of it is another, also what is in the file of a secret. */
  readonly fingerprint: string;
}

const Auth = Variables.pick({ AUTH_JWKS_URL: true, AUTH_ISSUER: true, AUTH_AUDIENCE: true });

const AUTH_VARIABLES: MemberVariables = new Map(
  Object.keys(Auth.shape).map((name) => [memberOf(name, 'AUTH'), { name, isSecret: false }]),
);

interface Group {
  readonly member: string;
  readonly provider: Provider;
  readonly variables: MemberVariables;
}

const GROUPS: readonly Group[] = providers.map((provider) => ({
  member: provider.name.toLowerCase(),
  provider,
  variables: new Map(
    Object.entries(provider.account.in.shape).map(([name, schema]) => [
      memberOf(name, provider.name),
      { name, isSecret: isSecretSetting(schema) },
    ]),
  ),
}));

export function readTenant(members: Members, name: string, value: unknown): TenantSettings {
  const accounts: Account[] = [];
  const texts: Found[] = [];
  let authority: AuthoritySettings | undefined;
  let hasAccount = false;
  let hasAuth = hasKeys(members.given);
  for (const [member, given] of members.of(value, name)) {
    const group = GROUPS.find((each) => each.member === member);
    const place = `${name}.${member}`;
    if (group !== undefined) {
      hasAccount = true;
      accounts.push(...readAccount(members, group, given, place, texts));
    } else if (member === 'auth') {
      hasAuth = true;
      authority = readAuthority(members, given, place, texts);
    } else members.unknown(name, member);
  }
  if (!hasAuth) members.fault(name, 'must have auth where neither AUTH_JWKS_URL nor AUTH_JWT_SECRET is set');
  if (!hasAccount) members.fault(name, `must have an account: ${GROUPS.map(({ member }) => member).join(' or ')}`);
  return { accounts, authority, fingerprint: fingerprintOf(texts) };
}

/** Whether the gateway has an authority of its own, for tenants that have none. */
function hasKeys({ texts }: Given): boolean {
  return texts.AUTH_JWKS_URL !== undefined || texts.AUTH_JWT_SECRET !== undefined;
}

/** @param read Gets the texts that were read. */
function readAccount(
  members: Members,
  { provider, variables }: Group,
  value: unknown,
  place: string,
  read: Found[],
): readonly Account[] {
  const texts = members.texts(value, place, variables);
  if (texts === undefined) return [];
  read.push(...texts.values());
  const result = provider.account.safeParse(plain(texts));
  if (!result.success) members.issues(result.error, (variable) => texts.get(variable));
  else if (result.data !== null) return [result.data];
  else {
    const secrets = [...variables].flatMap(([member, { isSecret }]) => (isSecret ? [member] : []));
    members.fault(place, `must have ${secrets.join(' or ')}`);
  }
  return [];
}

function readAuthority(members: Members, value: unknown, place: string, read: Found[]): AuthoritySettings | undefined {
  const { secrets: references = [], ...others } = Object.fromEntries(members.of(value, place));
  const texts = members.texts(others, place, AUTH_VARIABLES);
  const secrets = readSigningSecrets(members, references, `${place}.secrets`, read);
  if (texts === undefined) return undefined;
  read.push(...texts.values());
  const { AUTH_AUDIENCE, AUTH_JWKS_STALE_SECONDS } = members.given.texts;
  const result = Auth.safeParse({ AUTH_AUDIENCE, ...plain(texts) });
  if (!result.success) {
    members.issues(result.error, (variable) => texts.get(variable));
    return undefined;
  }
  const { AUTH_JWKS_URL: jwksUrl, AUTH_ISSUER: issuers, AUTH_AUDIENCE: audience } = result.data;
  if (jwksUrl === undefined && !(Array.isArray(references) && references.length > 0)) {
    members.fault(place, 'must have jwksUrl or secrets');
  }
  // One that is wrong is reported where it stands.
  const stale = Variables.shape.AUTH_JWKS_STALE_SECONDS.safeParse(AUTH_JWKS_STALE_SECONDS);
  return { jwksUrl, issuers, audience, secrets, jwksStaleMs: stale.data ?? 0 };
}

function readSigningSecrets(members: Members, references: unknown, place: string, read: Found[]): readonly Secret[] {
  if (!Array.isArray(references)) {
    members.fault(place, 'must be a list');
    return [];
  }
  return references.flatMap((reference: unknown, n) => {
    const found = members.secret(reference, `${place}[${n}]`);
    if (found === undefined) return [];
    read.push(found);
    const result = Variables.shape.AUTH_JWT_SECRET.safeParse(found.text);
    if (!result.success) members.issues(result.error, () => found);
    return result.data ?? [];
  });
}

function plain(texts: ReadonlyMap<string, Found>): Record<string, string> {
  return Object.fromEntries([...texts].map(([variable, { text }]) => [variable, text]));
}
