// The plan of the house as a test: which room may import which, and which files alone use the environment and certain
// packages. Rooms are the folders of src/ and the files directly in it. A new room needs its line here.

import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { INVITATION_TYPES } from '../src/invitation/kinds.ts';
import { PROVIDERS } from '../src/invitation/provider.ts';

/** A room may import itself and every room on a lower floor; rooms on one floor do not know each other. */
const FLOORS: readonly (readonly string[])[] = [
  ['invitation', 'redis', 'order'],
  ['upstream'],
  ['providers'],
  ['access'],
  ['snapshots'],
  ['loaders', 'live'],
  ['schema', 'operations'],
  ['server'],
  ['gateway'],
  ['main', 'token'],
];

// Beside the floors: values that are made in `main` and passed in, and the imitations, which must not share our faults.
const SETTINGS_MAY_IMPORT = [
  'invitation',
  'redis',
  'upstream',
  'providers',
  'access',
  'snapshots',
  'live',
  'operations',
];
const MAY_IMPORT_SETTINGS = ['gateway', 'main', 'token'];

/** What a process begins with: these alone read the environment. */
const ENTRIES = ['main.ts', 'token.ts'];
const MAY_IMPORT_TELEMETRY = ['gateway', 'main'];
const MAY_IMPORT_TELEMETRY_TYPES = FLOORS.slice(2).flat();

const PROVIDER_NAMES = Object.keys(PROVIDERS).join('|').toLowerCase();
const KIND_NAMES = INVITATION_TYPES.map((type) => type.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase());

/** Words of one provider or one kind of invitation. */
const NAMES_OF_ONE = new RegExp(
  `${PROVIDER_NAMES}|${KIND_NAMES.map((name) => name.replaceAll('-', '[-_ ]?')).join('|')}|icalendar|data[-_ ]?center`,
  'i',
);

/** The files of a provider, or of a kind, which may have them. */
const FILES_OF_ONE = new RegExp(
  `^(providers/[a-z]+/|sandbox/(${PROVIDER_NAMES})\\b|(invitation|schema)/(${KIND_NAMES.join('|')})\\.ts)`,
);

/** The lists that name all of them, a line each. */
const LISTS = [
  'invitation/kinds.ts',
  'invitation/provider.ts',
  'providers/index.ts',
  'schema/index.ts',
  'sandbox/sandbox.ts',
];

const NOWHERE = /^$/;

/** Packages that have one home. */
const HOMES: readonly { readonly name: RegExp; readonly home: RegExp }[] = [
  { name: /^undici$/, home: /^upstream\// },
  { name: /^@pothos\//, home: /^schema\// },
  { name: /^ioredis$/, home: /redis/ },
  { name: /^prom-client$/, home: /^telemetry\// },
  // Loaded only where spans are exported.
  { name: /^@opentelemetry\//, home: /^telemetry\/traces\// },
  // Plugins of others know a caller by its request, and this gateway has one request for all of them.
  { name: /^@envelop\/|^@graphql-yoga\/plugin|^@escape\.tech\//, home: NOWHERE },
];

const BARRELS = ['providers/index.ts', 'schema/index.ts'];
const NAMES_THAT_SAY_NOTHING = /^(utils?|helpers?|common|managers?|services?)$/;

interface Import {
  readonly specifier: string;
  readonly kind: 'value' | 'type' | 'dynamic';
}

/** @param path Below src/, such as `schema/index.ts`. */
function faultsOf(path: string, source: string): string[] {
  const code = withoutComments(source);
  const imports = importsOf(code).map((each) => faultOfImport(path, each));
  const words = path.replace(/\.ts$/, '').split(/[/.-]/);
  return [
    ...imports,
    !ENTRIES.includes(path) && /\bprocess\s*(\.|\?\.|\[\s*['"])\s*env\b/.test(code) ? 'reads process.env' : undefined,
    !ENTRIES.includes(path) && /\benv\b[^;]*=\s*(globalThis\.)?process\b/.test(code)
      ? 'takes the environment'
      : undefined,
    !ENTRIES.includes(path) && /\benv\b[^;]*\bfrom '(node:)?process'/.test(code)
      ? 'imports the environment'
      : undefined,
    !LISTS.includes(path) && !FILES_OF_ONE.test(path) && NAMES_OF_ONE.test(source) ? 'names one provider' : undefined,
    pluginsIn(code).some((plugin) => !code.includes(`\nfunction ${plugin}(`)) ? 'has a plugin of others' : undefined,
    words.some((word) => NAMES_THAT_SAY_NOTHING.test(word)) ? 'has a name that says nothing' : undefined,
    !BARRELS.includes(path) && (posix.basename(path) === 'index.ts' || /^export\b[^;]*?\bfrom '/m.test(code))
      ? 'is a barrel'
      : undefined,
  ].flatMap((fault) => (fault === undefined ? [] : `${path} ${fault}`));
}

function faultOfImport(path: string, { specifier, kind }: Import): string | undefined {
  if (!specifier.startsWith('.')) {
    const homeless = HOMES.some(({ name, home }) => name.test(specifier) && !home.test(path));
    return homeless ? `imports ${specifier}` : undefined;
  }
  const target = posix.join(posix.dirname(path), specifier);
  return mayImport(path, target, kind) ? undefined : `imports ${target}${kind === 'type' ? ' (types)' : ''}`;
}

function mayImport(path: string, target: string, kind: Import['kind']): boolean {
  const [from, to] = [roomOf(path), roomOf(target)];
  // What exports spans is loaded only where it is used.
  if (target.startsWith('telemetry/traces/') && !path.startsWith('telemetry/traces/')) {
    return ['gateway/traces.ts', 'main.ts'].includes(path) && kind !== 'value';
  }
  if (from === to) return true;
  if (to === 'sandbox') return path === 'main.ts' && kind !== 'value';
  if (from === 'sandbox') return kind === 'type' && /^providers\/[^/]+\/wire\.ts$/.test(target);
  if (to === 'settings') return MAY_IMPORT_SETTINGS.includes(from);
  if (from === 'settings') return SETTINGS_MAY_IMPORT.includes(to);
  if (to === 'telemetry') {
    return MAY_IMPORT_TELEMETRY.includes(from) || (kind === 'type' && MAY_IMPORT_TELEMETRY_TYPES.includes(from));
  }
  // It is told by the rooms, and names what they tell of as they do.
  if (from === 'telemetry') return floorOf(to) >= 0 && floorOf(to) < floorOf('gateway');
  return floorOf(to) >= 0 && floorOf(to) < floorOf(from);
}

function roomOf(path: string): string {
  return path.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

// Biome keeps every import in one form, so these are enough.
function importsOf(code: string): Import[] {
  const statements = code.matchAll(/^(?:import|export) (type )?(?:[\w*{][^;'"]*? from )?['"]([^'"]+)['"]/gm);
  const calls = code.matchAll(/\b(?:import|require)\(\s*['"`]([^'"`]*)['"`]/g);
  return [
    ...[...statements].map(([, type, specifier = '']): Import => ({ specifier, kind: type ? 'type' : 'value' })),
    ...[...calls].map(([, specifier = '']): Import => ({ specifier, kind: 'dynamic' })),
  ];
}

/** What is listed in `plugins:`, by name; a part that is no call of a function by its name is itself. */
function pluginsIn(code: string): string[] {
  return [...code.matchAll(/\bplugins\b(?::|\s*=)\s*(?:\[([^\]]*)\]|([^,;\n]+))/g)].flatMap(([, list, other = '']) =>
    list === undefined
      ? [other.trim()]
      : list
          .split(/,(?![^(]*\))/)
          .map((part) => part.trim())
          .filter((part) => part !== '')
          .map((part) => /^(\w+)\(.*\)$/s.exec(part)?.[1] ?? part),
  );
}

function withoutComments(source: string): string {
  return source.replace(/^\s*\/\/.*$|^\s*\/\*[\s\S]*?\*\/|\s\/\/ .*$/gm, '');
}

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

/** Where an import of a file of ours leads, from the file at `path`. */
function targetIn(path: string) {
  return ({ specifier }: Import): string[] =>
    specifier.startsWith('.') ? [posix.join(posix.dirname(path), specifier)] : [];
}

/** Each as the files along it, the first of them again at the end. */
function circlesIn(imported: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const follow = (path: string, way: readonly string[]): void => {
    const place = way.indexOf(path);
    if (place >= 0) circles.push([...way.slice(place), path]);
    if (place >= 0 || done.has(path)) return;
    for (const target of imported.get(path) ?? []) follow(target, [...way, path]);
    done.add(path);
  };
  for (const path of imported.keys()) follow(path, []);
  return circles;
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
