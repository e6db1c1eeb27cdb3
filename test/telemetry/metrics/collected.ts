// What Prometheus would get of a gateway.

import { spawnSync } from 'node:child_process';

/** Series and their values. */
export type Samples = ReadonlyMap<string, number>;

export async function scrape(adminOrigin: string): Promise<string> {
  const response = await fetch(`${adminOrigin}/metrics`);
  if (response.status !== 200) throw new Error(`GET /metrics answers ${response.status}`);
  return response.text();
}

export function samplesIn(text: string): Samples {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

export async function collect(adminOrigin: string): Promise<Samples> {
  return samplesIn(await scrape(adminOrigin));
}

/** What Prometheus' own checker finds. */
export function promtool(args: readonly string[], input: string): { code: number | null; text: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { code: status, text: stdout + stderr };
}
