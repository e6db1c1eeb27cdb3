// What an idle gateway costs: memory, and the time from the start of the process to its first answer.

import { one } from './cases.ts';
import { residentMegabytes, stop } from './processes.ts';
import { PORTS, startGateway } from './servers.ts';

const MAX_SECONDS = 1.5;
const MAX_IDLE_MEGABYTES = 150;

/** @returns whether both hold. */
export async function footprint(): Promise<boolean> {
  const startedAt = performance.now();
  const server = await startGateway();
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
  console.log(`from start to the first answer: ${seconds.toFixed(2)} s (at most ${MAX_SECONDS} s)`);
  console.log(`idle memory: ${now.toFixed(0)} MB (at most ${MAX_IDLE_MEGABYTES} MB)`);
  return seconds <= MAX_SECONDS && now <= MAX_IDLE_MEGABYTES;
}
