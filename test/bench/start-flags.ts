// The flags and the variables that `npm start` gives to Node. package.json is the one place that lists them: V8's young
// generation decides the speed of a page, so that a benchmark with other flags would measure another gateway.

import { readFileSync } from 'node:fs';

/** The flags of a command such as `exec node --flag=1 src/main.ts`: what stands between `node` and the script. */
export function flagsOf(command: string): readonly string[] {
  const all = command.trim().split(/\s+/);
  const words = all.slice(all.indexOf('node') + 1);
  const script = words.findIndex((word) => !word.startsWith('-'));
  return script < 0 ? words : words.slice(0, script);
}

/** What a command such as `NAME=value exec node src/main.ts` begins with. */
export function variablesOf(command: string): Readonly<Record<string, string>> {
  const words = command.trim().split(/\s+/);
  const assigned = words.slice(
    0,
    Math.max(
      0,
      words.findIndex((word) => !/^[A-Z_]+=/.test(word)),
    ),
  );
  return Object.fromEntries(assigned.map((word) => word.split('=', 2) as [string, string]));
}

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  scripts: { start: string };
};

/** For every server that a benchmark measures: the gateway and what it is compared with. */
export const START_FLAGS = flagsOf(scripts.start);

/** For every process of a benchmark. */
export const START_VARIABLES = variablesOf(scripts.start);
