// The schema grows only: what a client was written against goes on to work. released.graphql is the schema of the last
// version, and is replaced when there is a new one.

import { readFileSync } from 'node:fs';
import { buildASTSchema, DangerousChangeType, findBreakingChanges, findDangerousChanges, parse } from 'graphql';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(path, 'utf8');
const schemaOf = (text: string) => buildASTSchema(parse(text));

const released = read('test/schema/released.graphql');

/** What an old client could not cope with, in the words of graphql-js. */
function changesFrom(before: string, after: string): string[] {
  const [from, to] = [schemaOf(before), schemaOf(after)];
  // The other dangerous changes are additions, which clients must expect.
  const defaults = findDangerousChanges(from, to).filter(
    ({ type }) => type === DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE,
  );
  return [...findBreakingChanges(from, to), ...defaults].map(({ description }) => description);
}

test('the schema has everything of the last version, unchanged', () => {
  expect(changesFrom(released, read('schema.graphql'))).toEqual([]);
});

test.each<[string, string, string]>([
  ['a field that is gone', 'externalId: ID!', 'otherId: ID!'],
  ['a field that may be null', 'externalId: ID!', 'externalId: ID'],
  ['an argument that has become required', 'maxAgeSeconds: Int\n', 'maxAgeSeconds: Int!\n'],
  ['a value of an enum that is gone', '  TENTATIVE\n', '  MAYBE\n'],
])('the check finds %s', (_, part, instead) => {
  const changed = released.replaceAll(part, instead);
  expect(changed).not.toBe(released);
  expect(changesFrom(released, changed)).not.toEqual([]);
});
