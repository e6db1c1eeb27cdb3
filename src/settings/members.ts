// Objects of a settings file → the texts of their members, as if each stood in the variable that it is named after. A secret
// is referred to: it stands in an environment variable, or in a file of its own. What is wrong is gathered with its place,
// and never with a value.

import { createHash } from 'node:crypto';
import { type Given, type Mistake, textOf } from './environment.ts';

/** The variables of a group: by member. */
export type Variables = ReadonlyMap<string, { readonly name: string; readonly isSecret: boolean }>;

export interface Found {
  readonly text: string;
  readonly place: string;
  /** What a secret was found in. */
  readonly source?: string;
}

interface Issues {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

const REFERENCE = '{"env": "NAME"} or {"file": "path"}';

export class Members {
  readonly mistakes: Mistake[] = [];
  readonly given: Given;
  readonly #setting: string;

  /** @param setting The variable that names the file. @param given The environment that secrets may stand in. */
  constructor(setting: string, given: Given) {
    this.#setting = setting;
    this.given = given;
  }

  /** @param place Where in the file; empty for all of it. */
  fault(place: string, message: string): void {
    this.mistakes.push({ name: place === '' ? this.#setting : `${this.#setting}: ${place}`, message });
  }

  /** None where it is no object. */
  of(value: unknown, place: string): readonly (readonly [string, unknown])[] {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
    this.fault(place, place === '' ? 'must name a file of JSON with an object in it' : 'must be an object');
    return [];
  }

  unknown(place: string, member: string): void {
    // A secret may stand in the place of a member's name.
    const name = /^[A-Za-z]\w{0,31}$/.test(member) ? member : 'a member with a strange name';
    this.fault(`${place}.${name}`, 'is not known');
  }

  /** By variable; undefined where one of them is wrong. */
  texts(value: unknown, place: string, variables: Variables): ReadonlyMap<string, Found> | undefined {
    const before = this.mistakes.length;
    const texts = new Map<string, Found>();
    for (const [member, given] of this.of(value, place)) {
      const variable = variables.get(member);
      if (variable === undefined) {
        this.unknown(place, member);
        continue;
      }
      const at = `${place}.${member}`;
      const found = variable.isSecret ? this.secret(given, at) : this.#text(given, at);
      if (found !== undefined) texts.set(variable.name, found);
    }
    return this.mistakes.length === before ? texts : undefined;
  }

  /** What a reference leads to. */
  secret(reference: unknown, place: string): Found | undefined {
    const [[way, name] = [], ...others] = typeof reference === 'object' ? Object.entries(reference ?? {}) : [];
    if ((way !== 'env' && way !== 'file') || typeof name !== 'string' || others.length > 0) {
      this.fault(place, `must be ${REFERENCE}, and not the secret itself`);
      return undefined;
    }
    const text = way === 'env' ? this.given.texts[name] : textOf(name)?.trim();
    if (text !== undefined && text !== '') return { text, place, source: way === 'env' ? 'a variable' : 'a file' };
    const wanted =
      way === 'env' ? 'a variable that is set' : `a file that ${text === '' ? 'is not empty' : 'can be read'}`;
    this.fault(place, `must name ${wanted}`);
    return undefined;
  }

  #text(given: unknown, place: string): Found | undefined {
    if (typeof given === 'string' && given !== '') return { text: given, place };
    this.fault(place, 'must be a text');
    return undefined;
  }

  /** What a schema finds wrong with texts. */
  issues({ issues }: Issues, placeOf: (variable: string) => Found | undefined): void {
    for (const { path, message } of issues) {
      const { place = '', source } = placeOf(String(path[0])) ?? {};
      this.fault(place, source === undefined ? message : `names ${source} whose content ${message}`);
    }
  }
}

/** `AUTH_JWKS_URL` of the group `AUTH` → `jwksUrl`. */
export function memberOf(variable: string, group: string): string {
  const rest = variable.startsWith(`${group}_`) ? variable.slice(group.length + 1) : variable;
  return rest.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Another one where any of the texts is another. */
export function fingerprintOf(texts: readonly Found[]): string {
  const all = texts.map(({ place, text }) => [place, text]);
  return createHash('sha256').update(JSON.stringify(all)).digest('base64url');
}
