// How many connections there may be, and what is told of those that there are not. Each is a file descriptor, as is each
// connection to a provider and to Redis: callers may have all but some, or a crowd of them would cut the gateway off from
// what it asks. Where there is no descriptor left all the same, the system closes connections before anyone hears of
// them (libuv, on EMFILE): whether there is one is therefore tried.

import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { devNull } from 'node:os';
import type { Logger } from '../telemetry/log.ts';

/** Most connections at once: each holds on to some kilobytes. */
const MAX_CONNECTIONS = 10_000;

/** Descriptors that callers do not get: for two providers, Redis, and files that are opened for a moment. */
const RESERVED = 128;

const CHECK_MS = 1_000;

/** After so many checks without a connection lost, connections are taken again. */
const QUIET_CHECKS = 3;

export interface Connections {
  /** Whether callers that would connect are turned away. */
  areShort(): boolean;
}

/** Bounds the connections of a server, and tells once when callers are turned away, and when no more are. */
export function boundConnections(server: Server, log: Logger): Connections {
  let dropped = 0;
  let quietChecks = QUIET_CHECKS;
  let isShort = false;

  function lose(reason: string, connections: number): void {
    dropped += connections;
    quietChecks = 0;
    if (isShort) return;
    isShort = true;
    log.error({ reason, maxConnections: server.maxConnections }, 'callers are turned away: no connection is left');
  }

  function check(): void {
    if (!hasDescriptor()) lose('EMFILE', 0);
    else quietChecks += 1;
    if (!isShort || quietChecks < QUIET_CHECKS) return;
    isShort = false;
    log.warn({ dropped }, 'callers are taken again');
    dropped = 0;
  }

  server.once('listening', () => {
    server.maxConnections = mostConnections();
    server.on('drop', () => lose('MAX_CONNECTIONS', 1));
    // One that could not be accepted. Unheard, it would end the process.
    server.on('error', (error) => lose('code' in error ? String(error.code) : 'UNKNOWN', 1));
    const checks = setInterval(check, CHECK_MS).unref();
    server.once('close', () => clearInterval(checks));
  });
  return { areShort: () => isShort };
}

/** As many as the limit on open files leaves; of a system that does not tell, as many as there may be at all. */
function mostConnections(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    if (limit === undefined) return MAX_CONNECTIONS;
    const free = Number(limit) - readdirSync('/proc/self/fd').length;
    return Math.max(1, Math.min(MAX_CONNECTIONS, free - Math.min(RESERVED, Math.ceil(free / 2))));
  } catch {
    return MAX_CONNECTIONS;
  }
}

function hasDescriptor(): boolean {
  try {
    closeSync(openSync(devNull, 'r'));
    return true;
  } catch {
    return false;
  }
}
