// The two connections to Redis, however it is run: one for commands, one for messages. In a cluster the first are several,
// and the second leads to any of its servers, because each of them passes on every message; it moves on to the next one
// when that is gone. What goes wrong with a connection is told by its events.

import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress, RedisHost } from './address.ts';
import { ignoreLaterErrors } from './later-errors.ts';
import { watchSentinels } from './sentinels.ts';

export interface Clients {
  readonly commands: Redis | Cluster;
  readonly subscriber: Redis;
  close(): void;
}

export interface ClientOptions {
  /** PEM of the authorities that are trusted; undefined where those of the system are. */
  readonly ca: string | undefined;
  /** In how many milliseconds a connection is tried again. */
  readonly retryDelayMs: () => number;
  /** Told when another server has become the primary, by Sentinels. */
  readonly onMoved: () => void;
}

const DISCONNECT_TIMEOUT_MS = 100;
const SENTINEL_TIMEOUT_MS = 500;

export function createClients(address: RedisAddress, { ca, retryDelayMs, onMoved }: ClientOptions): Clients {
  const tls = address.isTls ? { ...(ca === undefined ? {} : { ca }) } : undefined;
  const options: RedisOptions = {
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    db: address.database,
    ...(tls === undefined ? {} : { tls }),
    connectTimeout: 1_000,
    // One that hangs would not close its end either.
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    // A server that vanishes without a word is noticed while nothing is asked of it, too.
    keepAlive: 5_000,
    retryStrategy: retryDelayMs,
    // What a closed connection leaves behind is not asked a second time: its caller has gone on.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResubscribe: false,
    // INFO and CLIENT are commands that a user may lack. What is needed is tried by ourselves.
    enableReadyCheck: false,
    disableClientInfo: true,
  };
  if (address.isCluster) return clusterOf(address, options, retryDelayMs);
  const isWatched = address.primary !== undefined;
  const [{ host, port }] = address.hosts;
  const target: RedisOptions = isWatched ? sentinelsOf(address, tls) : { host, port };
  const [commands, subscriber] = [new Redis({ ...options, ...target }), new Redis({ ...options, ...target })];
  for (const client of [commands, subscriber]) ignoreLaterErrors(client);
  const stopWatching = isWatched
    ? watchSentinels(address, tls, (to) => {
        // Where one Sentinel has led to the new primary, the next one has nothing to add.
        if (![commands, subscriber].every((client) => leadsTo(client, to))) onMoved();
      })
    : undefined;
  return {
    commands,
    subscriber,
    close() {
      stopWatching?.();
      for (const client of [commands, subscriber]) client.disconnect();
    },
  };
}

function leadsTo({ status, stream }: Redis, { host, port }: RedisHost): boolean {
  return status === 'ready' && stream.remoteAddress === host && stream.remotePort === port;
}

function sentinelsOf({ hosts, primary = '' }: RedisAddress, tls: object | undefined): RedisOptions {
  return {
    sentinels: [...hosts],
    name: primary,
    sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
    ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

function clusterOf({ hosts }: RedisAddress, options: RedisOptions, retryDelayMs: () => number): Clients {
  const { retryStrategy, enableOfflineQueue, ...redisOptions } = options;
  const commands = new Cluster([...hosts], {
    redisOptions,
    // Its servers are connected to by the first command that each gets.
    enableOfflineQueue: true,
    enableReadyCheck: false,
    clusterRetryStrategy: retryDelayMs,
    retryDelayOnClusterDown: 0,
    // By address, no certificate would fit.
    dnsLookup: (host, callback) => callback(null, host),
  });
  commands.on('+node', ignoreLaterErrors);
  let turn = 0;
  const nextHost = (): RedisHost => {
    const known = commands.nodes().map(({ options: { host = '', port = 0 } }) => ({ host, port }));
    const all = known.length > 0 ? known : hosts;
    turn += 1;
    return all[turn % all.length] ?? hosts[0];
  };
  const subscriber = new Redis({ ...options, Connector: connectorTo(nextHost, options.tls) });
  ignoreLaterErrors(subscriber);
  return {
    commands,
    subscriber,
    close() {
      for (const client of [commands, subscriber]) client.disconnect();
    },
  };
}

/** Connects to another host each time. */
function connectorTo(nextHost: () => RedisHost, tls: RedisOptions['tls']) {
  return class extends AbstractConnector {
    constructor() {
      super(DISCONNECT_TIMEOUT_MS);
    }

    connect() {
      this.connecting = true;
      const host = nextHost();
      this.stream = tls === undefined ? connect({ ...host }) : connectTls({ ...host, ...tls });
      return Promise.resolve(this.stream);
    }
  };
}
