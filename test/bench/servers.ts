// The servers of `npm run bench`: the gateway and the plain handler, alone on one core, and the upstream that both call,
// on the core of the load.

import type { ChildProcess } from 'node:child_process';
import { OPEN_GATEWAY } from '../open-gateway.ts';
import { start } from './processes.ts';
import { START_FLAGS } from './start-flags.ts';

// Below the range that outgoing connections take their ports from.
export const PORTS = {
  partoo: 17_010,
  cronofy: 17_020,
  graphql: 17_000,
  plain: 17_001,
  withTokens: 17_002,
  counted: 17_003,
  admin: 17_004,
  fewTraced: 17_005,
  allTraced: 17_006,
  collector: 17_007,
  allOff: 17_008,
  allOn: 17_009,
  uncounted: 17_011,
  badCollector: 17_012,
  badlyTraced: 17_013,
};
export const SERVER_CORE = 0;
export const OTHER_CORE = 1;

export type ServerKind = 'plain' | 'graphql';

export type Servers = Readonly<Record<ServerKind, ChildProcess>>;

/** The variables of a gateway whose providers are the benchmark's. */
export const ENVIRONMENT = {
  ...OPEN_GATEWAY,
  PARTOO_API_KEY: 'key',
  PARTOO_BASE_URL: `http://127.0.0.1:${PORTS.partoo}/v2`,
  CRONOFY_CLIENT_SECRET: 'secret',
  PARTOO_QUOTA: '100000/1s',
  CRONOFY_QUOTA: '100000/1s',
  CRONOFY_BASE_URL: `http://127.0.0.1:${PORTS.cronofy}`,
};

export function startUpstream(): Promise<ChildProcess> {
  const ports = [PORTS.partoo, PORTS.cronofy].map(String);
  return start('./upstream.ts', ports, { core: OTHER_CORE, port: PORTS.cronofy });
}

/** The variable of a gateway that traces. */
export const COLLECTOR = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${PORTS.collector}` };

export function startCollector(): Promise<ChildProcess> {
  return start('./sink.ts', [String(PORTS.collector)], { core: OTHER_CORE, port: PORTS.collector });
}

export function startGateway(port = PORTS.graphql, more: Record<string, string> = {}): Promise<ChildProcess> {
  const environment = { ...ENVIRONMENT, PORT: String(port), ...more };
  return start('../../src/main.ts', [], { core: SERVER_CORE, port, flags: START_FLAGS, environment });
}

export function startPlain(port = PORTS.plain, environment: Record<string, string> = {}): Promise<ChildProcess> {
  const ports = [port, PORTS.partoo, PORTS.cronofy].map(String);
  return start('./plain-handler.ts', ports, { core: SERVER_CORE, port, flags: START_FLAGS, environment });
}

export async function startServers(ports: Readonly<Record<ServerKind, number>> = PORTS): Promise<Servers> {
  return { plain: await startPlain(ports.plain), graphql: await startGateway(ports.graphql) };
}
