// The flags that the gateway is started with, wherever it is: V8's young generation decides the speed of a page, and what
// is measured must be what runs.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { stopAll } from './bench/processes.ts';
import { startServers } from './bench/servers.ts';
import { flagsOf, variablesOf } from './bench/start-flags.ts';
import { freePort } from './free-port.ts';

const { scripts, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Record<string, string>;
  devDependencies: Record<string, string>;
};

/** What a Dockerfile's last CMD runs, as a command line; undefined where there is none. */
function commandOf(dockerfile: string): string | undefined {
  const text = [...dockerfile.matchAll(/^CMD\s+(.+)$/gm)].at(-1)?.[1];
  return text?.startsWith('[') ? (JSON.parse(text) as string[]).join(' ') : text;
}

/** What a shell's command line starts in its own place, as a command line. */
function executedBy(command: string | undefined): string | undefined {
  return command?.replace(/^([A-Z_]+=\S+ )*exec /, '');
}

test('npm start limits the young generation', () => {
  expect(flagsOf(scripts.start ?? '').filter((flag) => flag.startsWith('--max-semi-space-size='))).toHaveLength(1);
});

test('flags end before the script', () => {
  expect(flagsOf('node --a=1 --b src/main.ts --check')).toEqual(['--a=1', '--b']);
  expect(flagsOf('exec node --a=1 --b src/main.ts --check')).toEqual(['--a=1', '--b']);
  expect(flagsOf('node src/main.ts --check')).toEqual([]);
});

test('variables end before the command', () => {
  expect(variablesOf('A=1 B_C=d/e exec node --a=1 src/main.ts')).toEqual({ A: '1', B_C: 'd/e' });
  expect(variablesOf('exec node --a=1 src/main.ts')).toEqual({});
});

test('the benchmark gives both of its servers the flags and the variables of npm start', async () => {
  try {
    const servers = Object.values(await startServers({ plain: await freePort(), graphql: await freePort() }));
    for (const { pid } of servers) {
      const [, ...words] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      expect(flagsOf(`node ${words.join(' ')}`)).toEqual(flagsOf(scripts.start ?? ''));
      const variables = Object.entries(variablesOf(scripts.start ?? '')).map(([name, value]) => `${name}=${value}`);
      expect(variables).toHaveLength(1);
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')).toEqual(expect.arrayContaining(variables));
    }
  } finally {
    await stopAll();
  }
});

describe('the image', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8');

  test('starts with the flags of npm start, on the same Node', () => {
    expect(commandOf(dockerfile)).toBe(executedBy(scripts.start));
    expect(/^ARG BASE=node:([\d.]+)-slim$/m.exec(dockerfile)?.[1]).toBe(devDependencies.node);
  });

  test('holds what Node makes of the sources with those flags, where npm start looks for it', () => {
    const compile = /^RUN (\[.*"--compile"\])$/m.exec(dockerfile)?.[1] ?? '[]';
    expect((JSON.parse(compile) as string[]).join(' ')).toBe(`${executedBy(scripts.start)} --compile`);
    const { NODE_COMPILE_CACHE } = variablesOf(scripts.start ?? '');
    expect(/ NODE_COMPILE_CACHE=(\S+)/.exec(dockerfile)?.[1]).toBe(NODE_COMPILE_CACHE);
  });

  test('has a command that the test reads in both forms', () => {
    expect(commandOf('CMD ["node", "--a", "src/main.ts"]\n')).toBe('node --a src/main.ts');
    expect(commandOf('FROM scratch\nCMD node --a src/main.ts\n')).toBe('node --a src/main.ts');
    expect(commandOf('FROM scratch\n')).toBeUndefined();
  });
});
