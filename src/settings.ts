// Environment → Settings. Every mistake is reported at once, with the variable's name and what it takes, and never
// with its value: it may be a secret in the wrong place. settings/ has the parts: the variables, what contradicts what,
// secrets in files, and the report of `--check`.

import type { BlockList } from 'node:net';
import type { AuthoritySettings } from './access/authority.ts';
import type { StreamLimits } from './live/stream-places.ts';
import type { TrustedDocument } from './operations/trusted-documents.ts';
import { providers } from './providers/index.ts';
import type { Account } from './providers/provider.ts';
import { type AccessSettings, AccessVariables, accessOf } from './settings/access.ts';
import { contradictionsIn } from './settings/contradictions.ts';
import { type Environment, fileVariable, type Given, type Mistake, readEnvironment } from './settings/environment.ts';
import { SECRETS } from './settings/known.ts';
import type { TenantSettings } from './settings/tenant.ts';
import { readTenants, type TenantsRead } from './settings/tenants.ts';
import { type TracesSettings, tracesOf } from './settings/traces.ts';
import { Variables } from './settings/variables.ts';
import type { SnapshotOptions } from './snapshots/snapshots.ts';
import type { QuotaWindow } from './upstream/quota-window.ts';
import type { Secret } from './upstream/secret.ts';
import type { ProxyServer } from './upstream/tunnel.ts';

export type { Environment };

export interface Settings {
  readonly host: string;
  readonly port: number;
  /** Where the operator's port is; undefined where there is none. A port of 0 is any that is free. */
  readonly admin: AdminSettings | undefined;
  /** The gateway's own origin as browsers see it; undefined where it is the one that a request names as its host. */
  readonly publicOrigin: string | undefined;
  /** Proxies whose X-Forwarded-For says who the caller is. */
  readonly trustedProxies: BlockList;
  /** How long everything is served after the signal to stop. */
  readonly drainMs: number;
  /** Origins whose pages may call the gateway from a browser. */
  readonly corsOrigins: readonly string[];
  /** Names of headers, in lower case, that those pages may send besides the usual ones. */
  readonly corsHeaders: readonly string[];
  /** How tokens are checked; undefined where none is asked for. */
  readonly access: AccessSettings | undefined;
  readonly graphiql: boolean;
  /** Whether the schema is told to those who may explore it. */
  readonly introspection: boolean;
  /** Whether it is a subgraph of a supergraph. */
  readonly federation: boolean;
  /** The documents that are run; undefined where all are that fit the schema. */
  readonly trustedDocuments: readonly TrustedDocument[] | undefined;
  readonly logLevel: string;
  /** From when on an operation is slow, in milliseconds. */
  readonly slowMs: number;
  /** Whether both providers are to be imitated on loopback. */
  readonly sandbox: boolean;
  /** None where there is a file of tenants. */
  readonly accounts: readonly Account[];
  /** Whose accounts are used, by name; undefined where there is no file of tenants. */
  readonly tenants: ReadonlyMap<string, TenantSettings> | undefined;
  /** Through which providers are called, where no other way leads out. */
  readonly proxy: ProxyServer | undefined;
  readonly snapshots: SnapshotOptions;
  readonly streams: StreamLimits;
  /** A stream is completed at a random moment between the two, in milliseconds. */
  readonly streamLifetimeMs: readonly [number, number];
  /** Where processes share what they share; null where there is one process. */
  readonly redisUrl: Secret | null;
  /** PEM of the authorities whose certificates Redis may have; undefined where they are the system's. */
  readonly redisCa: string | undefined;
  /** Among how many processes the quota is divided while Redis cannot be asked. */
  readonly processes: number;
  /** What a caller may take, of operations and of invitations that are not at hand. */
  readonly callerRate: QuotaWindow;
  /** The part of each quota that is kept for callers below their share, 0 to 1. */
  readonly fairReserve: number;
  /** Where spans are sent; undefined where nothing is traced. */
  readonly traces: TracesSettings | undefined;
}

export interface AdminSettings {
  readonly host: string;
  readonly port: number;
  /** Names that it may be asked by, beside addresses and names of one's own. */
  readonly allowedHosts: readonly string[];
}

/** Before a sandbox there is no load balancer, and whoever presses Ctrl-C wants the prompt. */
const DRAIN_MS = 5_000;

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** @throws SettingsError that names every variable which is wrong. */
export function readSettings(environment: Environment): Settings {
  const given = readEnvironment(environment, SECRETS);
  const own = Variables.safeParse(given.texts);
  const accounts = providers.map((provider) => provider.account.safeParse(given.texts));

  const issues = [own, ...accounts].flatMap((result) => result.error?.issues ?? []);
  const wrong = issues.map(({ path, message }) => mistakeOf(given, String(path[0]), message));
  // Where one of these is wrong it is among the mistakes, and tenants are not compared with it.
  const access = AccessVariables.safeParse(given.texts);
  const read = tenantsIn(given, access.data && accessOf(access.data)?.authority);
  const mistakes = [...given.mistakes, ...wrong, ...contradictionsIn(given), ...(read?.mistakes ?? [])];
  if (!own.success || mistakes.length > 0) throw errorOf(mistakes);

  const isProduction = own.data.NODE_ENV === 'production';
  const open = accounts.flatMap((result) => result.data ?? []);
  const sandbox = own.data.SANDBOX ?? (open.length === 0 && read === undefined && !isProduction);
  const adminPort = own.data.ADMIN_PORT ?? (sandbox ? 0 : undefined);
  return {
    host: own.data.HOST,
    port: own.data.PORT,
    admin:
      adminPort === undefined
        ? undefined
        : { host: own.data.ADMIN_HOST, port: adminPort, allowedHosts: own.data.ADMIN_ALLOWED_HOSTS },
    publicOrigin: own.data.PUBLIC_ORIGIN,
    trustedProxies: own.data.TRUSTED_PROXIES,
    drainMs: own.data.DRAIN_SECONDS ?? (sandbox ? 0 : DRAIN_MS),
    corsOrigins: own.data.CORS_ORIGINS,
    corsHeaders: own.data.CORS_HEADERS,
    access: accessOf(own.data),
    graphiql: own.data.GRAPHIQL ?? (own.data.TRUSTED_DOCUMENTS === undefined && !isProduction),
    introspection: own.data.INTROSPECTION ?? !isProduction,
    federation: own.data.FEDERATION,
    trustedDocuments: own.data.TRUSTED_DOCUMENTS,
    logLevel: own.data.LOG_LEVEL,
    slowMs: own.data.SLOW_MS,
    sandbox,
    accounts: open,
    tenants: read?.tenants,
    proxy: own.data.HTTPS_PROXY && { url: own.data.HTTPS_PROXY, except: own.data.NO_PROXY },
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
    redisCa: own.data.REDIS_CA_FILE,
    processes: own.data.PROCESSES,
    callerRate: own.data.CALLER_RATE[0],
    fairReserve: own.data.FAIR_RESERVE,
    traces: tracesOf(own.data),
    streams: {
      maxStreams: own.data.MAX_STREAMS,
      maxStreamsPerCaller: own.data.MAX_STREAMS_PER_CALLER,
    },
    streamLifetimeMs: [15 * 60_000, 30 * 60_000],
  };
}

/**
 * The file of tenants, read anew while the rest stays as it is.
 * @param authority The gateway's own that is in use.
 * @throws SettingsError that names everything which is wrong with the file.
 */
export function readTenantsAnew(
  environment: Environment,
  authority: AuthoritySettings | undefined,
): NonNullable<Settings['tenants']> {
  const read = tenantsIn(readEnvironment(environment, SECRETS), authority);
  if (read === undefined) throw new TypeError('TENANTS_FILE is not set');
  if (read.mistakes.length > 0) throw errorOf(read.mistakes);
  return read.tenants;
}

function tenantsIn(given: Given, authority: AuthoritySettings | undefined): TenantsRead | undefined {
  const { TENANTS_FILE: path } = given.texts;
  return path === undefined ? undefined : readTenants(path, given, authority);
}

function errorOf(mistakes: readonly Mistake[]): SettingsError {
  // A variable that several rooms read is wrong for each of them, and reported once.
  const lines = new Set(mistakes.map(({ name, message }) => `  ${name} ${message}`));
  return new SettingsError(`The settings are not right:\n${[...lines].join('\n')}`);
}

function mistakeOf({ byFile }: Given, name: string, message: string): Mistake {
  return byFile.has(name)
    ? { name: fileVariable(name), message: `names a file whose content ${message}` }
    : { name, message };
}
