// `npm run bench:limits`: for how long the gateway stands still over the most expensive documents and answers that its
// limits let pass, beside a plain handler whose answer has the same bytes; and over those that are refused. Last, whether time
// tells what is not granted. `--times` is
// how often each is asked.

import { parseArgs } from 'node:util';
import { SECRET } from '../access/tokens.ts';
import { one } from './cases.ts';
import { middle } from './figures.ts';
import { ANSWERS } from './limits/answers.ts';
import { type Candidate, RUNS_A_TEXT } from './limits/candidate.ts';
import { DOCUMENTS } from './limits/documents.ts';
import { INTROSPECTION } from './limits/introspection.ts';
import { notGranted } from './limits/not-granted.ts';
import { findLargest, type Largest, refusalOf } from './limits/search.ts';
import { ask, NoAnswer, type Server, standstills } from './limits/standstill.ts';
import { start, stop, stopAll } from './processes.ts';
import { ENVIRONMENT, OTHER_CORE, SERVER_CORE, startUpstream } from './servers.ts';
import { START_FLAGS } from './start-flags.ts';

const PORTS = { gateway: 17_400, plain: 17_401, withTokens: 17_402 };
const originAt = (port: number) => `http://127.0.0.1:${port}`;

const MAX_STANDSTILL_MS = 50;
/** The plain handler's standstill = 1. */
const MAX_RATIO = 1.5;
const WARM_UP = 500;

// Longest are the answers in which V8 collects its whole heap. Its threads that help with that have the second core, for
// both servers: on one core they stand in the way of the thread that they help.
const CORES = `${SERVER_CORE},${OTHER_CORE}`;

// What was read once stays known: a figure is about a document and its answer, and not about a read that comes between.
const AGES = { FRESH_SECONDS: '3600', REVALIDATE_SECONDS: '3600', STALE_SECONDS: '3600' };

// Introspection is measured too, which a gateway with real accounts leaves off.
const INTROSPECTED = { INTROSPECTION: 'on' };

interface Servers {
  readonly gateway: Server;
  readonly plain: Server;
}

async function startGateway(): Promise<Server> {
  const environment = { ...ENVIRONMENT, ...AGES, ...INTROSPECTED, PORT: String(PORTS.gateway) };
  const options = { core: CORES, port: PORTS.gateway, flags: START_FLAGS, environment };
  return { origin: originAt(PORTS.gateway), process: await start('../../src/main.ts', [], options) };
}

async function startPlain(): Promise<Server> {
  const options = { core: CORES, port: PORTS.plain, flags: START_FLAGS };
  const args = [String(PORTS.plain)];
  return { origin: originAt(PORTS.plain), process: await start('./limits/answer-handler.ts', args, options) };
}

/** A line of the table; standstills in milliseconds, the longest and the middle one. */
interface Row {
  readonly candidate: string;
  readonly passes: string;
  readonly KB: number | '';
  readonly gateway: string;
  readonly plain: string;
  readonly 'at most': string;
  readonly refusal: string;
  readonly holds: boolean;
}

/** @returns whether every candidate holds. */
async function limits(times: number): Promise<boolean> {
  await startUpstream();
  const plain = await startPlain();
  let gateway = await startGateway();
  await standstills(plain, WARM_UP, () => '{}');
  await standstills(gateway, WARM_UP, (run) => one(`id-${run % 200}`).graphql);
  const rows: Row[] = [];
  for (const candidate of [...DOCUMENTS, ...INTROSPECTION, ...ANSWERS]) {
    try {
      rows.push(await measure({ gateway, plain }, candidate, times));
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      console.log(`${candidate.name}: ${error.message}`);
      rows.push({ ...emptyRow(candidate), gateway: error.message, holds: false });
      await stop(gateway.process);
      gateway = await startGateway();
    }
  }
  console.table(rows);
  const cannotTell = await withTokens();
  return cannotTell && rows.every(({ holds }) => holds);
}

/** Whether time tells nothing of what is not granted. */
async function withTokens(): Promise<boolean> {
  const tokens = { AUTH: 'required', AUTH_JWT_SECRET: SECRET };
  const environment = { ...ENVIRONMENT, ...AGES, ...tokens, PORT: String(PORTS.withTokens) };
  await start('../../src/main.ts', [], { core: CORES, port: PORTS.withTokens, flags: START_FLAGS, environment });
  return notGranted(originAt(PORTS.withTokens));
}

async function measure(servers: Servers, candidate: Candidate, times: number): Promise<Row> {
  const { gateway } = servers;
  const largest = await findLargest(gateway.origin, candidate);
  for (const { size, message } of largest.refusals) {
    console.log(`${candidate.name}: ${size} ${candidate.unit} are refused: ${message.slice(0, 150)}`);
  }
  const passing = await measurePassing(servers, candidate, largest, times);
  const refused: number[] = [];
  for (const { size } of largest.refusals) refused.push(...(await measureGateway(gateway, candidate, size, times)));
  return {
    ...passing,
    refusal: shown(refused),
    holds: passing.holds && Math.max(0, ...refused) <= MAX_STANDSTILL_MS,
  };
}

async function measurePassing(
  { gateway, plain }: Servers,
  candidate: Candidate,
  { size, answer }: Largest,
  times: number,
): Promise<Row> {
  const row = emptyRow(candidate);
  if (answer === undefined) return { ...row, passes: 'nothing', holds: candidate.outcome === 'refused' };
  const ours = await measureGateway(gateway, candidate, size, times, true);
  await ask(plain.origin, 'PUT', '/', answer.toString());
  const theirs = (await standstills(plain, times, bodies(candidate, size))).longestMs;
  const bound = Math.max(MAX_STANDSTILL_MS, MAX_RATIO * Math.max(...theirs));
  return {
    ...row,
    passes: `${size} ${candidate.unit}`,
    KB: Math.round(answer.length / 1024),
    gateway: shown(ours),
    plain: shown(theirs),
    'at most': bound.toFixed(0),
    holds: Math.max(...ours) <= bound,
  };
}

async function measureGateway(
  gateway: Server,
  candidate: Candidate,
  size: number,
  times: number,
  passes = false,
): Promise<readonly number[]> {
  const { longestMs, lastAnswer } = await standstills(gateway, times, bodies(candidate, size));
  const refusal = refusalOf(lastAnswer, candidate);
  if (passes !== (refusal === undefined)) throw new Error(`${candidate.name} has changed: ${refusal ?? 'it passes'}`);
  return longestMs;
}

/** Texts that the search has not asked for. */
function bodies(candidate: Candidate, size: number): (run: number) => string {
  return (run) => JSON.stringify(candidate.operation(size, run + RUNS_A_TEXT));
}

function emptyRow({ name }: Candidate): Row {
  return { candidate: name, passes: '', KB: '', gateway: '', plain: '', 'at most': '', refusal: '', holds: true };
}

function shown(standstillsMs: readonly number[]): string {
  if (standstillsMs.length === 0) return '';
  return `${Math.max(...standstillsMs).toFixed(1)}, ${middle(standstillsMs, Number).toFixed(1)}`;
}

const { values } = parseArgs({ options: { times: { type: 'string', default: '100' } } });
try {
  if (!(await limits(Number(values.times)))) {
    console.log('Not every figure holds.');
    process.exitCode = 1;
  }
} finally {
  await stopAll();
}
