// The sources follow the plan of the house (plan.ts), and the plan forbids what it is to forbid.

import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { circlesIn, FLOORS, faultsOf, importsOf, roomOf, targetIn, withoutComments } from './plan.ts';

const src = new URL('../src/', import.meta.url);
const paths = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'));

function sourceOf(path: string): string {
  return readFileSync(new URL(path, src), 'utf8');
}

describe('the house', () => {
  test('follows the plan', () => {
    expect(paths).toContain('providers/cronofy/client.ts');
    expect(paths.flatMap((path) => faultsOf(path, sourceOf(path)))).toEqual([]);
  });

  test('has only rooms that the plan names', () => {
    const known = [...FLOORS.flat(), 'settings', 'telemetry', 'sandbox'];
    expect([...new Set(paths.map(roomOf))].filter((room) => !known.includes(room))).toEqual([]);
  });

  test('has no circle of files that import each other, not even by their types', () => {
    const imported = new Map(paths.map((path) => [path, importsOf(sourceOf(path)).flatMap(targetIn(path))]));
    expect(circlesIn(imported)).toEqual([]);
  });

  test('begins without the packages that few gateways use: they are loaded where they are used', () => {
    const always = alwaysLoaded('main.ts');
    expect(always).toContain('undici');
    expect([...always].filter((name) => /^(ioredis|prom-client|@opentelemetry\/.*|uplot)$/.test(name))).toEqual([]);
    expect(alwaysLoaded('redis/redis.ts')).toContain('ioredis');
  });

  test('has all its imports detected: as many as the words `from` and `import(` occur', () => {
    for (const path of paths) {
      const code = withoutComments(sourceOf(path));
      const words = code.match(/^(import|export)\b[^;]*? from '|^\} from '|^import '|\bimport\(/gm) ?? [];
      expect(importsOf(code), path).toHaveLength(words.length);
    }
  });
});

/** The files of ours, and the packages, that come with a file. */
function alwaysLoaded(path: string, loaded = new Set<string>()): ReadonlySet<string> {
  for (const { specifier, kind } of importsOf(sourceOf(path))) {
    const isOurs = specifier.startsWith('.');
    const target = isOurs ? posix.join(posix.dirname(path), specifier) : specifier;
    if (kind !== 'value' || loaded.has(target)) continue;
    loaded.add(target);
    if (isOurs) alwaysLoaded(target, loaded);
  }
  return loaded;
}

describe('a circle of files', () => {
  test.each<[string, Record<string, string[]>, string[][]]>([
    ['of one file', { a: ['a'] }, [['a', 'a']]],
    ['of three files, beside one that leads to it', { d: ['a'], a: ['b'], b: ['c'], c: ['a'] }, [['a', 'b', 'c', 'a']]],
    ['that is none: two ways to one file', { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, []],
  ])('%s', (_, imported, circles) => {
    expect(circlesIn(new Map(Object.entries(imported)))).toEqual(circles);
  });
});

describe('the plan', () => {
  test.each([
    ['a lower room that imports a higher one', 'snapshots/a.ts', "import { schema } from '../schema/index.ts';"],
    ['one that does so over several lines', 'providers/a.ts', "import {\n  a,\n  b,\n} from '../loaders/b.ts';"],
    ['one that imports a type of it', 'invitation/a.ts', "import type { A } from '../upstream/a.ts';"],
    ['one that imports it for its effect', 'upstream/a.ts', "import '../providers/index.ts';"],
    ['one that imports it later', 'loaders/a.ts', "const a = await import('../server/server.ts');"],
    ['one that passes it on', 'providers/index.ts', "export { a } from '../gateway.ts';"],
    ['two rooms of one floor', 'live/watcher.ts', "import { a } from '../loaders/invitation-loader.ts';"],
    ['a room that imports main', 'gateway.ts', "import './main.ts';"],
    ['settings imported from below', 'server/a.ts', "import type { Settings } from '../settings.ts';"],
    ['settings that import what is above', 'settings.ts', "import { a } from './schema/index.ts';"],
    ['a log that is not passed in', 'server/a.ts', "import { createLog } from '../telemetry/log.ts';"],
    ['telemetry that knows the gateway', 'telemetry/a.ts', "import type { A } from '../gateway/a.ts';"],
    ['OpenTelemetry in a room', 'server/a.ts', "import { trace } from '@opentelemetry/api';"],
    ['a type of OpenTelemetry in a room', 'server/a.ts', "import type { Span } from '@opentelemetry/api';"],
    ['traces that are always loaded', 'gateway/traces.ts', "import { a } from '../telemetry/traces/traces.ts';"],
    ['traces beside telemetry', 'telemetry/a.ts', "const a = await import('./traces/traces.ts');"],
    ['a log in the domain', 'invitation/a.ts', "import type { Logger } from '../telemetry/log.ts';"],
    ['a sandbox that runs our code', 'sandbox/partoo.ts', "import { a } from '../providers/partoo/wire.ts';"],
    ['a sandbox that knows more than the wire', 'sandbox/a.ts', "import type { A } from '../providers/provider.ts';"],
    ['a sandbox that is always loaded', 'main.ts', "import { startSandbox } from './sandbox/sandbox.ts';"],
    ['a sandbox in the gateway', 'gateway.ts', "const a = await import('./sandbox/sandbox.ts');"],
    ['tests in the product', 'server/a.ts', "import { a } from '../../test/harness.ts';"],
    ['a room that is not in the plan', 'cache/a.ts', "import { a } from '../invitation/ref.ts';"],
    ['the environment', 'settings.ts', 'const a = process.env.PORT;'],
    ['the environment by another name', 'settings.ts', "import { env } from 'node:process';"],
    ['the environment taken apart', 'settings.ts', 'const { env } = process;'],
    ['undici', 'providers/cronofy/a.ts', "import { request } from 'undici';"],
    ['Pothos', 'server/a.ts', "import SchemaBuilder from '@pothos/core';"],
    ['prom-client', 'server/a.ts', "import { Counter } from 'prom-client';"],
    ['ioredis', 'snapshots/store.ts', "import { Redis } from 'ioredis';"],
    ["yoga's plugins", 'server/a.ts', "import { useJWT } from '@graphql-yoga/plugin-jwt';"],
    ["envelop's plugins", 'server/a.ts', "import { useGenericAuth } from '@envelop/generic-auth';"],
    ['a plugin that comes from elsewhere', 'server/a.ts', 'createYoga({ plugins: [useReadinessCheck({ a, b })] });'],
    ['plugins that cannot be seen', 'server/a.ts', 'createYoga({ plugins: all });'],
    ['a barrel', 'upstream/index.ts', "import './request.ts';"],
    ['a barrel by another name', 'upstream/all.ts', "export * from './request.ts';"],
    ['a provider named above its folder', 'server/a.ts', "const name = 'cronofy';"],
    ['a kind named in a room of all kinds', 'snapshots/a.ts', '// A SmartInvite is kept longer.'],
    ['a kind named in a file that is of no kind', 'schema/selection.ts', "const name = 'ReviewInvitation';"],
    ['a folder with a meaningless name', 'schema/utils/dates.ts', ''],
    ['a file with a meaningless name', 'snapshots/redis-manager.ts', ''],
  ])('forbids %s', (_, path, source) => {
    expect(faultsOf(path, `// A header.\n\nimport { a } from 'zod';\n${source}\n`)).toHaveLength(1);
  });

  test.each([
    ['a higher room that imports lower ones', 'server/a.ts', "import { Problem } from '../invitation/problem.ts';"],
    ['a file of the same room', 'schema/a.ts', "import { builder } from './builder.ts';"],
    ['the type of what is told', 'telemetry/a.ts', "import type { A } from '../upstream/a.ts';"],
    ['the type of a log', 'server/a.ts', "import type { Logger } from '../telemetry/log.ts';"],
    ['traces that are loaded later', 'gateway/traces.ts', "const a = await import('../telemetry/traces/traces.ts');"],
    [
      'the shape of the wire in the sandbox',
      'sandbox/partoo.ts',
      "import type { A } from '../providers/partoo/wire.ts';",
    ],
    ['the sandbox, loaded when it is used', 'main.ts', "const a = await import('./sandbox/sandbox.ts');"],
    [
      'a plugin of its own',
      'server/a.ts',
      'const yoga = createYoga({ plugins: [useRules({ a, b }), useNothing()] });\nfunction useRules() {}\nfunction useNothing() {}',
    ],
    ['the environment in main', 'main.ts', 'const a = process.env.PORT;'],
    ['a Redis counterpart', 'snapshots/redis-store.ts', "import { Redis } from 'ioredis';"],
    ['a comment', 'invitation/a.ts', "// import { a } from '../schema/index.ts'; reads process.env"],
  ])('allows %s', (_, path, source) => {
    expect(faultsOf(path, source)).toEqual([]);
  });
});
