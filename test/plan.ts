// The plan of the house: which room may import which, and which files alone use the environment and certain
// packages. Rooms are the folders of src/ and the files directly in it. A new room needs its line here.

import { posix } from 'node:path';
import { INVITATION_TYPES } from '../src/invitation/kinds.ts';
import { PROVIDERS } from '../src/invitation/provider.ts';

/** A room may import itself and every room on a lower floor; rooms on one floor do not know each other. */
export const FLOORS: readonly (readonly string[])[] = [
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
export function faultsOf(path: string, source: string): string[] {
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

export function roomOf(path: string): string {
  return path.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

// Biome keeps every import in one form, so these are enough.
export function importsOf(code: string): Import[] {
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

export function withoutComments(source: string): string {
  return source.replace(/^\s*\/\/.*$|^\s*\/\*[\s\S]*?\*\/|\s\/\/ .*$/gm, '');
}

/** Where an import of a file of ours leads, from the file at `path`. */
export function targetIn(path: string) {
  return ({ specifier }: Import): string[] =>
    specifier.startsWith('.') ? [posix.join(posix.dirname(path), specifier)] : [];
}

/** Each as the files along it, the first of them again at the end. */
export function circlesIn(imported: ReadonlyMap<string, readonly string[]>): string[][] {
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
