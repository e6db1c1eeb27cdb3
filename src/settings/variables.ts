// The variables of the gateway itself: name, what it takes, and its default, written as it would be set. The message of
// a fault says what the variable takes. What a provider needs is described in the provider's folder.

import { X509Certificate } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { parseTrustedDocuments } from '../operations/trusted-documents.ts';
import { parseRedisUrl, REDIS_URL_FORMS } from '../redis/address.ts';
import { FRESHNESS } from '../snapshots/freshness.ts';
import { quotaSetting } from '../upstream/quota-setting.ts';
import { FAIR_RESERVE } from '../upstream/reserve.ts';
import { Secret } from '../upstream/secret.ts';
import { secretSetting } from '../upstream/secret-setting.ts';
import { textOf } from './environment.ts';
import { isLoopback, networksOf } from './networks.ts';
import { originSetting, originsSetting } from './origin.ts';
import { signingSecrets } from './signing-secrets.ts';
import { TRACES_VARIABLES } from './traces.ts';

const onOff = z.enum(['on', 'off'], { error: 'must be on or off' }).transform((text) => text === 'on');

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const someSeconds = z
  .string()
  // A timer takes no more than 24 days.
  .refine((text) => /^\d{1,6}(\.\d{1,3})?$/.test(text), 'must be seconds, such as 10 or 0.5, below a million')
  .transform((text) => Math.round(Number(text) * 1_000));

const seconds = (defaultMs: number) => someSeconds.prefault(String(defaultMs / 1_000));

const count = (fallback: number) =>
  z
    .string()
    .refine((text) => /^[1-9]\d{0,8}$/.test(text), 'must be a whole number above 0')
    .transform(Number)
    .prefault(String(fallback));

function isProxyUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname + url.search + url.hash !== '/') return false;
  // Name and password stand there percent-encoded.
  return !/%(?![\da-f]{2})/i.test(url.username + url.password);
}

/** Whether a text holds certificates in PEM, and all that it holds can be read. */
function isCertificates(pem: string): boolean {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]*(-----END CERTIFICATE-----)?/g) ?? [];
  try {
    for (const certificate of certificates) new X509Certificate(certificate);
    return certificates.length > 0;
  } catch {
    return false;
  }
}

/** A name may hold what no address of the Internet does: it is looked up on this machine first. */
function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^[\w.-]+$/.test(text);
}

const host = z.string().refine(isHost, 'must be an address or a name alone, without a scheme or port');

const port = z
  .string()
  .refine((text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535, 'must be a port number, 0 to 65535')
  .transform(Number);

/** Where keys are fetched from: whoever could change them on the way would be let in as anyone. */
export function isKeySource(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username + url.password + url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

export const Variables = z.object({
  HOST: host.default('127.0.0.1'),
  PORT: port.prefault('4000'),
  ADMIN_HOST: host.default('127.0.0.1'),
  ADMIN_PORT: port.optional(),
  ADMIN_ALLOWED_HOSTS: z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim().toLowerCase()))
    .refine(
      (names) => names.every((name) => /^([\w-]+)?(\.[\w-]+)+$/.test(name)),
      'must be names such as gateway-1.example.com, or .example.com for all below it, separated by commas',
    )
    .default([]),
  PUBLIC_ORIGIN: originSetting('https://gateway.example.com').optional(),
  TRUSTED_PROXIES: z
    .string()
    .transform((text, context) => {
      const networks = networksOf(text);
      if (networks === undefined)
        context.addIssue('must be addresses or networks such as 10.0.0.0/8, separated by commas');
      return networks ?? z.NEVER;
    })
    .default(new BlockList()),
  DRAIN_SECONDS: someSeconds.optional(),
  CORS_ORIGINS: originsSetting('https://app.example.com').default([]),
  CORS_HEADERS: z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim().toLowerCase()))
    .refine(
      // A star is a token too, but to a browser it means every header there is.
      (names) => names.every((name) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && name !== '*'),
      'must be names of headers such as x-tenant, separated by commas',
    )
    .default([]),
  AUTH: z.enum(['required', 'off'], { error: 'must be required or off' }).optional(),
  AUTH_JWKS_URL: z
    .string()
    .refine(isKeySource, 'must be an https URL, or one of plain http on this machine, without a name or password')
    .optional(),
  AUTH_JWT_SECRET: signingSecrets.optional(),
  AUTH_ISSUER: z
    .string()
    .transform((text) => text.split(',').map((issuer) => issuer.trim()))
    .refine((issuers) => issuers.every((issuer) => issuer !== ''), 'must be issuers, separated by commas')
    .optional(),
  AUTH_AUDIENCE: z.string().default('invitation-gateway'),
  AUTH_CLAIM: z.string().default('invitations'),
  AUTH_JWKS_STALE_SECONDS: seconds(86_400_000).refine((ms) => ms >= 600_000, 'must be 600 seconds or more'),
  TENANTS_FILE: z.string().optional(),
  CALLER_RATE: quotaSetting([{ limit: 1_200, windowMs: 60_000 }], 1),
  GRAPHIQL: onOff.optional(),
  INTROSPECTION: onOff.optional(),
  FEDERATION: onOff.prefault('off'),
  TRUSTED_DOCUMENTS: z
    .string()
    .transform((path, context) => {
      const documents = parseTrustedDocuments(textOf(path) ?? '');
      if (documents === undefined)
        context.addIssue(`must name a file that is Apollo's manifest, or a map of ids to texts`);
      return documents;
    })
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  SLOW_MS: count(1_000),
  SANDBOX: onOff.optional(),
  NODE_ENV: z.string().optional(),
  FRESH_SECONDS: seconds(FRESHNESS.freshMs),
  FINAL_SECONDS: seconds(FRESHNESS.finalMs),
  REVALIDATE_SECONDS: seconds(FRESHNESS.revalidateMs),
  PATIENCE_SECONDS: seconds(FRESHNESS.patienceMs),
  STALE_SECONDS: seconds(FRESHNESS.staleMs),
  NOT_FOUND_SECONDS: seconds(FRESHNESS.notFoundMs),
  SNAPSHOT_MAX_ENTRIES: count(50_000),
  SNAPSHOT_MAX_MEGABYTES: count(64),
  REDIS_URL: secretSetting(
    z
      .string()
      .refine((text) => parseRedisUrl(text) !== undefined, `must be ${REDIS_URL_FORMS}`)
      .transform((text) => new Secret(text)),
  ).optional(),
  REDIS_CA_FILE: z
    .string()
    .transform((path, context) => {
      const pem = textOf(path) ?? '';
      if (!isCertificates(pem)) context.addIssue('must name a file of certificates in PEM that can be read');
      return pem;
    })
    .optional(),
  PROCESSES: count(4),
  FAIR_RESERVE: z
    .string()
    .refine(
      (text) => /^0?(\.\d{1,3})?$|^0\.\d{1,3}$/.test(text) && Number(text) < 1,
      'must be a part of 1, such as 0.1',
    )
    .transform(Number)
    .prefault(String(FAIR_RESERVE)),
  HTTPS_PROXY: secretSetting(
    z
      .string()
      .refine(isProxyUrl, 'must be the http or https URL of a proxy, without a path')
      .transform((text) => new Secret(text)),
  ).optional(),
  // Platforms set it too, and put in what this gateway has no use for: that excepts nothing.
  NO_PROXY: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((entry) => entry !== ''))
    .default([]),
  MAX_STREAMS: count(2_000),
  MAX_STREAMS_PER_CALLER: count(10),
  ...TRACES_VARIABLES,
});
