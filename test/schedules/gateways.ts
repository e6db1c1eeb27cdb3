// Gateway processes on one account and one Redis, each with links of its own to both, and callers of many addresses.

import { request } from 'node:http';
import { OPEN_GATEWAY } from '../open-gateway.ts';
import { type Run, startGateway } from '../process.ts';
import { startWire, type Wire } from './wire.ts';

export interface GatewayProcess {
  readonly toRedis: Wire;
  readonly toProvider: Wire;
  /** Where it listens; undefined while it is killed. */
  readonly origin: string | undefined;
  /** How often it was started. */
  readonly starts: number;
  /** How many queries a second callers make. */
  rate: number;
  /** What it says of itself. */
  ready(): Promise<string>;
  /** Stops it where it is, and lets it go on. */
  suspend(): void;
  resume(): void;
  kill(): Promise<void>;
  /** Starts it anew after it was killed. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface GatewayOptions {
  readonly redisPort: number;
  readonly providerPort: number;
  readonly environment: Record<string, string>;
  /** Gives a number below 1. */
  readonly random: () => number;
}

/** How often callers are let loose, in milliseconds. */
const TICK_MS = 20;

let callers = 0;

export async function startGatewayProcess(options: GatewayOptions): Promise<GatewayProcess> {
  const { redisPort, providerPort, environment, random } = options;
  const [toRedis, toProvider] = await Promise.all([startWire(redisPort), startWire(providerPort)]);
  let run: (Run & { origin: string }) | undefined;
  let starts = 0;

  async function start(): Promise<void> {
    starts += 1;
    run = await startGateway({
      REDIS_URL: `redis://127.0.0.1:${toRedis.port}`,
      PARTOO_API_KEY: 'key',
      PARTOO_BASE_URL: `https://127.0.0.1:${toProvider.port}/v2`,
      LOG_LEVEL: 'warn',
      ...OPEN_GATEWAY,
      ...environment,
    });
  }

  async function kill(): Promise<void> {
    const killed = run;
    run = undefined;
    killed?.child.kill('SIGKILL');
    await killed?.ended;
  }

  const gateway: GatewayProcess = {
    toRedis,
    toProvider,
    get origin() {
      return run?.origin;
    },
    get starts() {
      return starts;
    },
    rate: 0,
    async ready() {
      return run === undefined ? 'gone' : (await fetch(`${run.origin}/ready`)).text();
    },
    suspend: () => void run?.child.kill('SIGSTOP'),
    resume: () => void run?.child.kill('SIGCONT'),
    kill,
    start,
    async stop() {
      clearInterval(timer);
      run?.child.kill('SIGCONT');
      await kill();
      toRedis.stop();
      toProvider.stop();
    },
  };
  let due = 0;
  const timer = setInterval(() => {
    due += (gateway.rate * TICK_MS) / 1_000;
    for (; due >= 1; due -= 1) if (run !== undefined) ask(run.origin, random);
  }, TICK_MS);
  await start();
  return gateway;
}

/** One caller asks for an invitation that no caller has asked for before. Its answer does not matter. */
function ask(origin: string, random: () => number): void {
  callers += 1;
  const id = `review-${callers}-${random()}`;
  const body = JSON.stringify({ query: `{ reviewInvitation(invitationId: "${id}") { status } }` });
  // Callers are told apart by their addresses.
  const localAddress = `127.1.${Math.floor(callers / 250) % 250}.${1 + (callers % 250)}`;
  const headers = { 'content-type': 'application/json' };
  const asked = request(`${origin}/graphql`, { method: 'POST', localAddress, headers, agent: false }, (answer) => {
    answer.resume();
  });
  asked.on('error', () => undefined);
  asked.setTimeout(15_000, () => asked.destroy());
  asked.end(body);
}
