// What it costs to run the gateway as in production: with tokens, an admin port that is collected every five seconds, traces
// of one operation in a hundred and a log at `info`, beside one with none of it, and both beside the plain handler. The
// three take turns on one core, and ask for what is known.

import type { ChildProcess } from 'node:child_process';
import { bearer, SECRET } from '../access/tokens.ts';
import { CASES, type Case } from './cases.ts';
import { COLLECT_MS, collect } from './metrics.ts';
import { stop, stopAll } from './processes.ts';
import { perProcessorSecond } from './processor-time.ts';
import {
  COLLECTOR,
  OTHER_CORE,
  PORTS,
  type Servers,
  startCollector,
  startGateway,
  startPlain,
  startUpstream,
} from './servers.ts';
import { ratiosByTurns } from './turns.ts';
import { hasWrk, wrk } from './wrk.ts';

const TURNS = 9;
const TURN_MS = 1_000;

const OFF = { LOG_LEVEL: 'silent' };
const ON = { AUTH: 'required', AUTH_JWT_SECRET: SECRET, ADMIN_PORT: String(PORTS.admin), ...COLLECTOR };

/** Prints the ratios; that they hold with everything off is for throughput.ts to say. The collector runs already. */
export async function everything(): Promise<void> {
  const runners: Runners = {
    plain: { process: await startPlain(), port: PORTS.plain, asks: 'plain' },
    off: { process: await startGateway(PORTS.allOff, OFF), port: PORTS.allOff, asks: 'graphql' },
    on: {
      process: await startGateway(PORTS.allOn, ON),
      port: PORTS.allOn,
      asks: 'graphql',
      authorization: bearer({}, { expiresInSeconds: 3_600 }),
    },
  };
  const postsBefore = await posts();
  const collecting = setInterval(collect, COLLECT_MS);
  try {
    for (const each of CASES.filter(({ isNew }) => !isNew)) await compare(each, runners);
    await collect();
    if ((await posts()) === postsBefore) throw new Error('no operation was traced');
    await expectTokens();
  } finally {
    clearInterval(collecting);
    await Promise.all(Object.values(runners).map(({ process }) => stop(process)));
  }
}

/** What the collector was sent so far. */
async function posts(): Promise<number> {
  return Number(await (await fetch(COLLECTOR.OTEL_EXPORTER_OTLP_ENDPOINT)).text());
}

async function expectTokens(): Promise<void> {
  const { status } = await fetch(`http://127.0.0.1:${PORTS.allOn}/graphql?query={__typename}`);
  if (status !== 401) throw new Error('no token was asked for');
}

type Kind = 'plain' | 'off' | 'on';

interface Runner {
  readonly process: ChildProcess;
  readonly port: number;
  readonly asks: keyof Servers;
  readonly authorization?: string;
}

type Runners = Readonly<Record<Kind, Runner>>;

async function compare(each: Case, runners: Runners): Promise<void> {
  const { connections } = each;
  const turn = (kind: Kind, isChecked: boolean) => {
    const { process, port, asks, authorization } = runners[kind];
    const options = { port, connections, durationMs: TURN_MS, bodies: each.bodies[asks], core: OTHER_CORE, isChecked };
    return perProcessorSecond(process, () => wrk({ ...options, authorization }));
  };
  const ratio = await ratiosByTurns<Kind>(['plain', 'off', 'on'], TURNS, turn);
  const [on, off] = [ratio('on', 'plain'), ratio('off', 'plain')];
  console.log(
    `${each.name}, beside the plain handler: ${on.toFixed(2)} × with tokens, metrics, traces and log, ${off.toFixed(2)} × with all of them off; on beside off ${ratio('on', 'off').toFixed(2)} ×`,
  );
}

if (import.meta.main) {
  if (!hasWrk()) throw new Error('the benchmark needs wrk: apt-get install wrk');
  try {
    await startUpstream();
    await startCollector();
    await everything();
  } finally {
    await stopAll();
  }
}
