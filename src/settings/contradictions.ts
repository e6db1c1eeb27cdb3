// Settings that are valid alone and wrong together. A setting that is invalid itself is not compared: it is reported
// already.

import { parseRedisUrl } from '../redis/address.ts';
import { fileVariable, type Given, type Mistake } from './environment.ts';
import { defaultOf, PROVIDER_SECRETS, PROVIDER_SETTINGS, SECRETS } from './known.ts';
import { isLoopback } from './networks.ts';
import { Variables } from './variables.ts';

const { shape } = Variables;

interface Order {
  readonly lower: NumberName;
  readonly upper: NumberName;
  /** Whether the default of `lower` may be above: then `upper` is the limit, and nothing contradicts it. */
  readonly mayDefaultExceed?: true;
}

type NumberName = {
  [Name in keyof typeof shape]: (typeof shape)[Name]['_zod']['output'] extends number ? Name : never;
}[keyof typeof shape];

const ORDERS: readonly Order[] = [
  // An answer is fresh, then given while it is read again, then given only where it cannot be read.
  { lower: 'FRESH_SECONDS', upper: 'REVALIDATE_SECONDS' },
  { lower: 'REVALIDATE_SECONDS', upper: 'STALE_SECONDS' },
  // What will not change any more is not read more often than what may.
  { lower: 'FRESH_SECONDS', upper: 'FINAL_SECONDS' },
  { lower: 'MAX_STREAMS_PER_CALLER', upper: 'MAX_STREAMS', mayDefaultExceed: true },
];

export function contradictionsIn(given: Given): readonly Mistake[] {
  return [
    ...ORDERS.flatMap((order) => disorderIn(given, order)),
    ...portTwice(given),
    ...processesAlone(given),
    ...authorityUnused(given),
    ...openByMistake(given),
    ...besideTenants(given),
  ];
}

function disorderIn({ texts }: Given, { lower, upper, mayDefaultExceed }: Order): readonly Mistake[] {
  const [low, high] = [shape[lower].safeParse(texts[lower]), shape[upper].safeParse(texts[upper])];
  if (!low.success || !high.success || low.data <= high.data) return [];
  if (texts[lower] !== undefined) {
    return [
      { name: lower, message: `must not be above ${upper}${texts[upper] === undefined ? byDefault(upper) : ''}` },
    ];
  }
  return mayDefaultExceed ? [] : [{ name: upper, message: `must not be below ${lower}${byDefault(lower)}` }];
}

function byDefault(name: NumberName): string {
  return `, which is ${defaultOf(name)} by default`;
}

/** What is for operators alone is never on the port for callers. */
function portTwice({ texts }: Given): readonly Mistake[] {
  const port = shape.ADMIN_PORT.safeParse(texts.ADMIN_PORT);
  const own = shape.PORT.safeParse(texts.PORT);
  if (!port.success || !own.success || !port.data || port.data !== own.data) return [];
  return [{ name: 'ADMIN_PORT', message: 'must be another one than PORT' }];
}

/** Several processes that share nothing would each take the whole quota. */
function processesAlone({ texts }: Given): readonly Mistake[] {
  const processes = shape.PROCESSES.safeParse(texts.PROCESSES);
  if (hasRedis(texts) || texts.PROCESSES === undefined || !processes.success || processes.data === 1) return [];
  return [{ name: 'PROCESSES', message: 'must be 1 where REDIS_URL is not set' }];
}

/** Authorities vouch for certificates, and there are none without TLS. */
function authorityUnused({ texts }: Given): readonly Mistake[] {
  const address = parseRedisUrl(texts.REDIS_URL ?? '');
  const isUsed = address === undefined ? hasRedis(texts) : address.isTls;
  if (texts.REDIS_CA_FILE === undefined || isUsed) return [];
  return [{ name: 'REDIS_CA_FILE', message: 'must not be set where REDIS_URL is not one with rediss' }];
}

/** Without tokens everybody who reaches the gateway reads everything: that is not to happen by forgetting a setting. */
function openByMistake({ texts }: Given): readonly Mistake[] {
  const isSet = (name: string) => isGiven(texts, name);
  // Each tenant that has no keys of its own is told of.
  const hasKeys = isSet('AUTH_JWKS_URL') || isSet('AUTH_JWT_SECRET') || isSet('TENANTS_FILE');
  if (texts.AUTH === 'required' && !hasKeys) {
    return [{ name: 'AUTH', message: 'must not be required where neither AUTH_JWKS_URL nor AUTH_JWT_SECRET is set' }];
  }
  const isReal = texts.SANDBOX !== 'on' && PROVIDER_SECRETS.some(isSet);
  const isExposed = texts.NODE_ENV === 'production' || !isLoopback(texts.HOST ?? '127.0.0.1');
  if (texts.AUTH !== undefined || hasKeys || !isReal || !isExposed) return [];
  const message =
    'must be off, or AUTH_JWKS_URL or AUTH_JWT_SECRET be set: all who reach the gateway would read everything';
  return [{ name: 'AUTH', message }];
}

/** Accounts are the tenants', and a viewer is of a tenant by the token. */
function besideTenants({ texts }: Given): readonly Mistake[] {
  if (texts.TENANTS_FILE === undefined) return [];
  const names = PROVIDER_SETTINGS.flatMap((name) => [name, fileVariable(name)]).filter(
    (name) => texts[name] !== undefined,
  );
  const isOpen = texts.AUTH === 'off';
  return [
    ...names.map((name) => ({
      name,
      message: 'must not be set together with TENANTS_FILE: accounts stand in that file',
    })),
    ...(isOpen
      ? [{ name: 'AUTH', message: 'must not be off where TENANTS_FILE is set: a token says whose accounts are used' }]
      : []),
    ...(texts.SANDBOX === 'on' ? [{ name: 'SANDBOX', message: 'must not be on where TENANTS_FILE is set' }] : []),
  ];
}

function hasRedis(texts: Given['texts']): boolean {
  return isGiven(texts, 'REDIS_URL');
}

/** Only a secret is read from a file: another's NAME_FILE sets nothing. */
function isGiven(texts: Given['texts'], name: string): boolean {
  return texts[name] !== undefined || (SECRETS.includes(name) && texts[fileVariable(name)] !== undefined);
}
