// Environment → Settings. Every mistake is reported at once, with the variable's name and what it takes, and never
// with its value: it may be a secret in the wrong place. What a provider needs is described in the provider's folder.

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { CronofyDataCenter } from './invitation/invitation.ts';
import type { StreamLimits } from './live/streams.ts';
import { parseTrustedDocuments, type TrustedDocument } from './operations/trusted-documents.ts';
import { dataCenter } from './providers/cronofy/client.ts';
import { providers } from './providers/index.ts';
import type { Account } from './providers/provider.ts';
import { FRESHNESS } from './snapshots/freshness.ts';
import type { SnapshotOptions } from './snapshots/snapshots.ts';
import { Secret } from './upstream/secret.ts';

export interface Settings {
  readonly host: string;
  readonly port: number;
  /** Origins whose pages may call the gateway from a browser. */
  readonly corsOrigins: readonly string[];
  /** Names of headers, in lower case, that those pages may send besides the usual ones. */
  readonly corsHeaders: readonly string[];
  readonly graphiql: boolean;
  /** The documents that are run; undefined where all are that fit the schema. */
  readonly trustedDocuments: readonly TrustedDocument[] | undefined;
  readonly logLevel: string;
  /** Whether both providers are to be imitated on loopback. */
  readonly sandbox: boolean;
  readonly accounts: readonly Account[];
  readonly defaultDataCenter: CronofyDataCenter;
  readonly snapshots: SnapshotOptions;
  readonly streams: StreamLimits;
  /** Where processes share what they share; null where there is one process. */
  readonly redisUrl: Secret | null;
  /** Among how many processes the quota is divided while Redis cannot be asked. */
  readonly processes: number;
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const onOff = z.enum(['on', 'off'], { error: 'must be on or off' }).transform((text) => text === 'on');

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const seconds = (defaultMs: number) =>
  z
    .string()
    // A timer takes no more than 24 days.
    .refine((text) => /^\d{1,6}(\.\d{1,3})?$/.test(text), 'must be seconds, such as 10 or 0.5, below a million')
    .transform((text) => Math.round(Number(text) * 1_000))
    .default(defaultMs);

const count = (fallback: number) =>
  z
    .string()
    .refine((text) => /^[1-9]\d{0,8}$/.test(text), 'must be a whole number above 0')
    .transform(Number)
    .default(fallback);

const Variables = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z
    .string()
    .refine((text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535, 'must be a port number, 0 to 65535')
    .transform(Number)
    .default(4000),
  CORS_ORIGINS: z
    .string()
    .transform((text) => text.split(',').map((origin) => origin.trim()))
    .refine(
      (origins) => origins.every((origin) => URL.parse(origin)?.origin === origin),
      'must be origins such as https://app.example.com, separated by commas',
    )
    .default([]),
  CORS_HEADERS: z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim().toLowerCase()))
    .refine(
      // A star is a token too, but to a browser it means every header there is.
      (names) => names.every((name) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && name !== '*'),
      'must be names of headers such as x-tenant, separated by commas',
    )
    .default([]),
  GRAPHIQL: onOff.optional(),
  TRUSTED_DOCUMENTS: z
    .string()
    .transform((path, context) => {
      const documents = parseTrustedDocuments(textOf(path));
      if (documents === undefined)
        context.addIssue(`must name a file that is Apollo's manifest, or a map of ids to texts`);
      return documents;
    })
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  SANDBOX: onOff.optional(),
  NODE_ENV: z.string().optional(),
  CRONOFY_DATA_CENTER: dataCenter,
  FRESH_SECONDS: seconds(FRESHNESS.freshMs),
  FINAL_SECONDS: seconds(FRESHNESS.finalMs),
  REVALIDATE_SECONDS: seconds(FRESHNESS.revalidateMs),
  PATIENCE_SECONDS: seconds(FRESHNESS.patienceMs),
  STALE_SECONDS: seconds(FRESHNESS.staleMs),
  NOT_FOUND_SECONDS: seconds(FRESHNESS.notFoundMs),
  SNAPSHOT_MAX_ENTRIES: count(50_000),
  SNAPSHOT_MAX_MEGABYTES: count(64),
  REDIS_URL: z
    .string()
    .refine((text) => /^rediss?:$/.test(URL.parse(text)?.protocol ?? ''), 'must be a redis:// or rediss:// URL')
    .transform((text) => new Secret(text))
    .optional(),
  PROCESSES: count(1),
  MAX_STREAMS: count(2_000),
  MAX_STREAMS_PER_CALLER: count(10),
});

/** What is in a file; nothing where it cannot be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws SettingsError that names every variable which is wrong. */
export function readSettings(environment: Environment): Settings {
  // A variable that is set to nothing counts as not set: that is how shells and compose files unset one.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const own = Variables.safeParse(set);
  const accounts = providers.map((provider) => provider.account.safeParse(set));

  const mistakes = [own, ...accounts].flatMap((result) => result.error?.issues ?? []);
  if (!own.success || mistakes.length > 0) {
    const lines = new Set(mistakes.map(({ path, message }) => `  ${String(path[0])} ${message}`));
    throw new SettingsError(`The settings are not right:\n${[...lines].join('\n')}`);
  }

  const open = accounts.flatMap((result) => result.data ?? []);
  return {
    host: own.data.HOST,
    port: own.data.PORT,
    corsOrigins: own.data.CORS_ORIGINS,
    corsHeaders: own.data.CORS_HEADERS,
    graphiql: own.data.GRAPHIQL ?? own.data.TRUSTED_DOCUMENTS === undefined,
    trustedDocuments: own.data.TRUSTED_DOCUMENTS,
    logLevel: own.data.LOG_LEVEL,
    sandbox: own.data.SANDBOX ?? (open.length === 0 && own.data.NODE_ENV !== 'production'),
    accounts: open,
    defaultDataCenter: own.data.CRONOFY_DATA_CENTER,
    snapshots: {
      freshMs: own.data.FRESH_SECONDS,
      finalMs: own.data.FINAL_SECONDS,
      revalidateMs: own.data.REVALIDATE_SECONDS,
      patienceMs: own.data.PATIENCE_SECONDS,
      staleMs: own.data.STALE_SECONDS,
      notFoundMs: own.data.NOT_FOUND_SECONDS,
      maxEntries: own.data.SNAPSHOT_MAX_ENTRIES,
      maxBytes: own.data.SNAPSHOT_MAX_MEGABYTES * 1024 * 1024,
    },
    redisUrl: own.data.REDIS_URL ?? null,
    processes: own.data.PROCESSES,
    streams: {
      maxStreams: own.data.MAX_STREAMS,
      maxStreamsPerCaller: own.data.MAX_STREAMS_PER_CALLER,
      lifetimeMs: [15 * 60_000, 30 * 60_000],
    },
  };
}
