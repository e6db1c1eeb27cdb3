// What an idle gateway costs: memory, and the time from the start of the process to its first answer. Once where Node has
// kept nothing of an earlier start, and once where it has, as in the image.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { one } from './cases.ts';
import { residentMegabytes, stop } from './processes.ts';
import { PORTS, startGateway } from './servers.ts';
import { START_FLAGS, START_VARIABLES } from './start-flags.ts';

const MAX_SECONDS = 1.5;
const MAX_IDLE_MEGABYTES = 150;

/** @returns whether all of it holds. */
export async function footprint(): Promise<boolean> {
  const first = await footprintOf('the first start', { NODE_DISABLE_COMPILE_CACHE: '1' });
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  execFileSync(process.execPath, [...START_FLAGS, main, '--compile'], { env: START_VARIABLES });
  return (await footprintOf('a later start', {})) && first;
}

async function footprintOf(name: string, variables: Record<string, string>): Promise<boolean> {
  const startedAt = performance.now();
  const server = await startGateway(PORTS.graphql, variables);
  const response = await fetch(`http://127.0.0.1:${PORTS.graphql}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: one('first').graphql,
  });
  const answer = (await response.json()) as { data?: { reviewInvitation?: { id?: string } } };
  const seconds = (performance.now() - startedAt) / 1_000;
  if (answer.data?.reviewInvitation?.id === undefined) throw new Error('the first answer was not right');
  const { now } = residentMegabytes(server);
  await stop(server);
  console.log(
    `${name}: ${seconds.toFixed(2)} s to the first answer (at most ${MAX_SECONDS} s), ${now.toFixed(0)} MB idle (at most ${MAX_IDLE_MEGABYTES} MB)`,
  );
  return seconds <= MAX_SECONDS && now <= MAX_IDLE_MEGABYTES;
}
