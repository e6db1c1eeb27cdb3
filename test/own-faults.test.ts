// Faults of the process's own, in work for which no caller waits: what is logged of them, and what the process does then.

import { afterEach, expect, test, vi } from 'vitest';
import { endRuns, PATIENCE_MS, startGateway } from './process.ts';

afterEach(endRuns);

const TEXT = 'what a provider wrote to guest';

/** A gateway in which this statement runs at the signal. */
async function startWith(statement: string) {
  const module = `process.on('SIGUSR2', () => { ${statement} })`;
  const { child, ended, origin, stdout, stderr } = await startGateway({
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}`,
  });
  child.kill('SIGUSR2');
  return {
    ended,
    isReady: async () => (await fetch(`${origin}/ready`)).ok,
    /** The line of the fault, once it is there. */
    line: () =>
      vi.waitUntil(
        () => {
          const lines = stdout().split('\n').slice(0, -1);
          return lines.filter((line) => line.startsWith('{"level"')).find((line) => JSON.parse(line).level >= 50);
        },
        { timeout: PATIENCE_MS, interval: 10 },
      ),
    output: () => stdout() + stderr(),
  };
}

test('a promise that is rejected and not heard is logged without its text, and the process goes on', async () => {
  const { line, isReady, output } = await startWith(`Promise.reject(new TypeError('${TEXT}'))`);
  expect(JSON.parse((await line()) ?? '')).toEqual({
    level: 50,
    time: expect.any(Number),
    err: { kind: 'TypeError', frames: [] },
    msg: 'a promise was rejected and nobody heard',
  });
  expect(await isReady()).toBe(true);
  expect(output()).not.toContain(TEXT);
});

test('an exception that is not caught is logged without its text, and the process ends with 1', async () => {
  const { line, ended, output } = await startWith(
    `throw Object.assign(new RangeError('${TEXT}'), { code: 'ERR_OWN' })`,
  );
  expect(JSON.parse((await line()) ?? '')).toEqual({
    level: 60,
    time: expect.any(Number),
    err: { kind: 'RangeError', code: 'ERR_OWN', frames: [] },
    msg: 'the gateway cannot go on',
  });
  expect(await ended).toEqual({ code: 1, signal: null });
  expect(output()).not.toContain(TEXT);
});

test.each(['Promise.reject', '((text) => { throw text; })'])(
  'nor is the text told where it is no error: %s',
  async (fail) => {
    const { line, output } = await startWith(`${fail}('${TEXT}')`);
    expect(JSON.parse((await line()) ?? '').err).toEqual({ kind: 'string' });
    expect(output()).not.toContain(TEXT);
  },
);
