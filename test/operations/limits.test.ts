// What a document costs is counted before it is run: its depth, its fields after all fragments are expanded, and the
// lists that its arguments name.

import { getIntrospectionQuery, parse } from 'graphql';
import { expect, test } from 'vitest';
import { type Cost, costOf } from '../../src/operations/cost.ts';
import { operationsOf } from '../../src/operations/document.ts';
import { introspectionSizesOf } from '../../src/operations/introspection.ts';
import { checkCost, checkLists } from '../../src/operations/limits.ts';
import { schema } from '../../src/schema/index.ts';

const sizes = introspectionSizesOf(schema);

function cost(text: string): Cost {
  const document = parse(text);
  const [operation] = operationsOf(document);
  if (operation === undefined) throw new Error('there is no operation');
  return costOf(operation, document, sizes);
}

test.each([
  ['one field', '{ __typename }', 1, 1],
  ['aliases', '{ a: __typename b: __typename }', 2, 1],
  ['fields below fields', '{ node(id: "a") { ... on SmartInvite { event { summary description } } } }', 4, 3],
  ['what there is of each provider', '{ providers { quota { limit remaining } } }', 7, 3],
  [
    'a fragment each time that it is spread',
    '{ ...F ...F a: providers { ...G } } fragment F on Query { providers { ...G } } fragment G on ProviderStatus { provider circuit }',
    15,
    2,
  ],
  ['inline fragments', '{ ... on Query { ... { __typename } } }', 1, 1],
  ['a list written out', '{ nodes(ids: ["a", "b", "c"]) { id ... on Invitation { status } } }', 7, 2],
  ['an empty list as one entry', '{ nodes(ids: []) { id } }', 2, 2],
  ['a fragment within itself once', '{ ...F } fragment F on Query { a: __typename ...F }', 1, 1],
])('counts %s', (_, text, fields, depth) => {
  expect(cost(text)).toMatchObject({ fields, depth });
});

test('counts fragments that multiply without expanding them', () => {
  const levels = Array.from({ length: 60 }, (_, n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`);
  expect(cost(`{ ...F0 } ${levels.join(' ')} fragment F60 on Query { __typename }`).fields).toBe(2 ** 60);
});

test('counts the fields of a list that a variable gives once for each entry', () => {
  const page = cost(
    'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id status } again: invitations(refs: $refs) { id } }',
  );
  expect(page.fields).toBe(5);
  expect(page.perEntry).toEqual(new Map([['refs', { fields: 3, bytes: 3 * 32 }]]));
  expect(() => checkLists(page, { refs: Array(100).fill({}) })).not.toThrow();
  // 2 + 3 × 8,333 = 25,001
  expect(() => checkLists(page, { refs: Array(8_333).fill({}) })).toThrow('has 25001 fields');
  expect(() => checkLists(page, { refs: Array(8_332).fill({}) })).not.toThrow();
});

test('allows a page of a hundred invitations with every field, far below the limits', () => {
  const reply =
    '{ email status rawStatus comment proposal { start { dateTime date timeZone } end { dateTime date timeZone } } }';
  const text = `query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id externalId: id provider status isFinal observedAt isStale
    ... on ReviewInvitation { invitationId deliveryStatus rawStatus }
    ... on SmartInvite { smartInviteId dataCenter recipient ${reply} recipients ${reply} replies ${reply} callbackUrl
      event { summary description start { dateTime date timeZone } end { dateTime date timeZone } location { description } }
      attachments { icalendar } } } }`;
  const page = cost(text);
  expect(() => checkCost(page)).not.toThrow();
  expect(() => checkLists(page, { refs: Array(100).fill({}) })).not.toThrow();
});

test('counts a long key as often as the schema tells what it names', () => {
  const introspection = (key: string) => cost(`{ __schema { types { fields { ${key}: name } } } }`).bytes;
  const entries = (name: string) => sizes.entries.get(name)?.all ?? 0;
  expect(introspection('k'.repeat(220)) - introspection('k'.repeat(20))).toBe(
    200 * entries('types') * entries('fields'),
  );
});

test('allows the introspection of GraphiQL', () => {
  expect(() => checkCost(cost(getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true })))).not.toThrow();
});

test.each([
  ['twenty-one fields deep', `${'{ a'.repeat(21)} ${'}'.repeat(21)}`, 'is 21 fields deep, and 20 is the most'],
  [
    '25,001 fields',
    `{ ${'...F '.repeat(25)} __typename } fragment F on Query { ${Array.from({ length: 1_000 }, (_, n) => `a${n}: __typename`).join(' ')} }`,
    'has 25001 fields',
  ],
  [
    'types of fields of types of fields',
    `{ __schema { ${Array.from({ length: 60 }, (_, n) => `a${n}: types { fields { type { fields { name } } } }`).join(' ')} } }`,
    'of itself',
  ],
])('refuses %s, and names the limit and the figure', (_, text, message) => {
  expect(() => checkCost(cost(text))).toThrow(message);
});

test('counts the bytes of keys where they are expanded', () => {
  const key = 'k'.repeat(1_000);
  const text = (within: string) =>
    `{ ...F a: nodes(ids: ["a", "b"]) { ...F } ${within} } fragment F on Query { ${key}: __typename }`;
  const each = 32 + key.length - 20;
  expect(cost(text('')).bytes).toBe(each + 32 + 2 * each);
  expect(cost(text('providers { ...F }')).bytes).toBe(each + 2 * (32 + 2 * each));
});

test('counts the bytes of what a variable names for each entry', () => {
  const page = cost(`query($refs: [InvitationRef!]!) { invitations(refs: $refs) { ${'k'.repeat(90_000)}: id } }`);
  expect(() => checkCost(page)).not.toThrow();
  expect(() => checkLists(page, { refs: Array(46).fill({}) })).not.toThrow();
  expect(() => checkLists(page, { refs: Array(47).fill({}) })).toThrow(`would weigh ${32 + 47 * 90_012} bytes`);
});
