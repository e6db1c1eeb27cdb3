// The environment → the text of every setting, wherever it stands. A secret may stand in a file, as containers mount
// them: NAME_FILE names that file.

import { readFileSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with one variable: `message` goes on where the name ends, and holds no value. */
export interface Mistake {
  readonly name: string;
  readonly message: string;
}

export interface Given {
  /** The text of each variable that is set, and of each secret that a file holds. */
  readonly texts: Readonly<Record<string, string>>;
  /** Secrets whose text is out of a file. */
  readonly byFile: ReadonlySet<string>;
  /** Files that cannot be used. */
  readonly mistakes: readonly Mistake[];
}

/** @param secrets Names of the settings that may stand in a file. */
export function readEnvironment(environment: Environment, secrets: readonly string[]): Given {
  const texts: Record<string, string> = {};
  for (const [name, text] of Object.entries(environment)) {
    // A variable that is set to nothing counts as not set: that is how shells and compose files unset one.
    if (text !== undefined && text !== '') texts[name] = text;
  }
  const byFile = new Set<string>();
  const mistakes: Mistake[] = [];
  for (const name of secrets) {
    const path = texts[fileVariable(name)];
    if (path === undefined) continue;
    const content = textOf(path)?.trim();
    if (texts[name] !== undefined) {
      mistakes.push({ name: fileVariable(name), message: `must not be set together with ${name}` });
    } else if (content === undefined || content === '') {
      const wanted = content === '' ? 'that is not empty' : 'that can be read';
      mistakes.push({ name: fileVariable(name), message: `must name a file ${wanted}` });
    } else {
      texts[name] = content;
      byFile.add(name);
    }
  }
  return { texts, byFile, mistakes };
}

/** The same environment with these variables in place of its own, however those are set. */
export function replaceVariables(environment: Environment, variables: Environment): Environment {
  const files = Object.keys(variables).map((name) => [fileVariable(name), undefined]);
  return { ...environment, ...Object.fromEntries(files), ...variables };
}

/** The variable that names the file of a secret. */
export function fileVariable(name: string): string {
  return `${name}_FILE`;
}

/** What is in a file; undefined where it cannot be read. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
