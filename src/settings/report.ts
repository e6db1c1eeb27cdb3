// What `--check` prints: every setting that is set, the defaults that hold, which providers would be called, and what is
// wrong. Values are shown, except secrets, and except what is wrong: that may be a secret in the wrong place.

import { z } from 'zod';
import { readSettings, type Settings, SettingsError } from '../settings.ts';
import { type Environment, fileVariable, type Given, readEnvironment } from './environment.ts';
import { defaultOf, KNOWN, PROVIDER_SECRETS, SECRETS } from './known.ts';
import { ADMIN_EXPOSED, isLoopback } from './networks.ts';

export interface Report {
  readonly text: string;
  readonly isRight: boolean;
}

/** Defaults that depend on other settings, as they hold with these. */
const DEPENDENT: ReadonlyMap<string, (settings: Settings) => string> = new Map([
  ['DRAIN_SECONDS', ({ drainMs }) => String(drainMs / 1_000)],
  ['AUTH', ({ access }) => (access === undefined ? 'off' : 'required')],
  ['GRAPHIQL', ({ graphiql }) => onOrOff(graphiql)],
  ['INTROSPECTION', ({ introspection }) => onOrOff(introspection)],
  ['SANDBOX', ({ sandbox }) => onOrOff(sandbox)],
]);

export function reportSettings(environment: Environment): Report {
  const given = readEnvironment(environment, SECRETS);
  const outcome = outcomeOf(environment);
  const set: string[] = [];
  const defaults: string[] = [];
  const unset: string[] = [];
  for (const [name, schema] of KNOWN) {
    const state = SECRETS.includes(name) ? stateOfSecret(given, name) : stateOf(given, name, schema);
    const fallback = defaultOf(name) ?? (typeof outcome === 'string' ? undefined : DEPENDENT.get(name)?.(outcome));
    if (state !== undefined) set.push(`${name}: ${state}`);
    else if (fallback !== undefined) defaults.push(`${name}: ${fallback}`);
    else unset.push(name);
  }
  const isRight = typeof outcome !== 'string';
  const lines = isRight ? [...notesOn(outcome, given), 'The settings are right.'] : [outcome];
  const sections = [...section('Set', set), ...section('Defaults', defaults), ...section('Not set', unset)];
  return { text: `${[...sections, ...lines].join('\n')}\n`, isRight };
}

/** How it is set; undefined where it is not. */
function stateOf({ texts }: Given, name: string, schema: z.core.$ZodType): string | undefined {
  const text = texts[name];
  if (text === undefined) return undefined;
  if (!z.safeParse(schema, text).success) return 'set, but wrong';
  // Quoted where one could not see where it ends.
  return /^[\x21-\x7e]+$/.test(text) ? text : JSON.stringify(text);
}

function stateOfSecret({ texts, byFile }: Given, name: string): string | undefined {
  if (texts[name] !== undefined && !byFile.has(name)) return 'set';
  return texts[fileVariable(name)] === undefined ? undefined : 'set by file';
}

/** The settings, or what is wrong with them. */
function outcomeOf(environment: Environment): Settings | string {
  try {
    return readSettings(environment);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.message;
  }
}

function onOrOff(isOn: boolean): string {
  return isOn ? 'on' : 'off';
}

/** What follows from the settings, and is easily missed. */
function notesOn(
  { sandbox, accounts, tenants, trustedDocuments, admin }: Settings,
  { texts }: Given,
): readonly string[] {
  const notes: string[] = [];
  if (sandbox) {
    notes.push('Providers: the sandbox, which imitates all of them');
    const unused = PROVIDER_SECRETS.filter((name) => texts[name] !== undefined);
    if (unused.length > 0) notes.push(`SANDBOX is on: ${unused.join(' and ')} will not be used`);
  } else if (tenants !== undefined) notes.push(`Tenants: ${tenants.size}, each with accounts of its own`);
  else {
    notes.push(`Providers: ${accounts.map(({ provider }) => provider).join(', ') || 'none is configured'}`);
  }
  if (trustedDocuments !== undefined) {
    notes.push(`Trusted documents: ${trustedDocuments.length}; the start checks whether they fit the schema`);
  }
  if (admin !== undefined && !isLoopback(admin.host)) notes.push(ADMIN_EXPOSED);
  return notes;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`), ''];
}
