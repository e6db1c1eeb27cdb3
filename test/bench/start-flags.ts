// The flags that `npm start` gives to Node. package.json is the one place that lists them: V8's young generation decides
// the speed of a page, so that a benchmark with other flags would measure another gateway.

import { readFileSync } from 'node:fs';

/** The flags of a command such as `exec node --flag=1 src/main.ts`: what stands between `node` and the script. */
export function flagsOf(command: string): readonly string[] {
  const all = command.trim().split(/\s+/);
  const words = all.slice(all.indexOf('node') + 1);
  const script = words.findIndex((word) => !word.startsWith('-'));
  return script < 0 ? words : words.slice(0, script);
}

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  scripts: { start: string };
};

/** For every server that a benchmark measures: the gateway and what it is compared with. */
export const START_FLAGS = flagsOf(scripts.start);
