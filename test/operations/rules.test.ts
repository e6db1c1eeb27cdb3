// Leaving out the rules that speak of what is not in a document changes nothing of what is found wrong with it.

import fc from 'fast-check';
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { isPlainlyValid } from '../../src/operations/plain-document.ts';
import { validateDocument } from '../../src/operations/rules.ts';
import { schema as api } from '../../src/schema/index.ts';
import { subgraphOf } from '../../src/schema/subgraph.ts';
import { documentsOf } from '../fuzz/documents.ts';

/** It has everything of the API, and a scalar whose literals are objects. */
const schema = subgraphOf(api);

function expectSame(text: string): void {
  const document = parse(text);
  const messages = (errors: ReturnType<typeof validate>) => errors.map(({ message }) => message);
  expect(messages(validateDocument(schema, document)), text).toEqual(messages(validate(schema, document)));
}

test.each([
  ['an unknown fragment', '{ ...F }'],
  ['an unused fragment', '{ __typename } fragment F on Query { __typename }'],
  ['two fragments of one name', '{ ...F } fragment F on Query { __typename } fragment F on Query { __typename }'],
  ['a fragment within itself', '{ ...F } fragment F on Query { ...F }'],
  ['a fragment on a leaf', '{ ... on String { a } }'],
  ['a fragment on a type that cannot be', '{ providers { ... on SmartInvite { id } } }'],
  ['a variable that is not declared', '{ node(id: $id) { id } }'],
  ['a variable that is not used', 'query($id: ID!) { __typename }'],
  ['two variables of one name', 'query($a: ID!, $a: ID!) { node(id: $a) { id } }'],
  ['a variable of an output type', 'query($a: Node) { node(id: $a) { id } }'],
  ['a variable in the wrong place', 'query($a: Int) { node(id: $a) { id } }'],
  ['an undeclared variable in a directive', '{ __typename @include(if: $a) }'],
  ['an unknown directive', '{ __typename @what }'],
  ['a directive in the wrong place', 'query @include(if: true) { __typename }'],
  ['a directive that is given twice', '{ __typename @skip(if: true) @skip(if: true) }'],
  ['a directive without its argument', '{ __typename @skip }'],
  ['an unknown argument', '{ node(what: 1) { id } }'],
  ['a value of the wrong type', '{ node(id: 1.5) { id } }'],
  ['fields that cannot be merged', '{ a: node(id: "1") { id } a: node(id: "2") { id } }'],
  ['two operations of one name', 'query Q { __typename } query Q { __typename }'],
  ['one property of a scalar given twice', '{ _entities(representations: [{ id: "1", id: "2" }]) { __typename } }'],
  ['a variable in a scalar', '{ _entities(representations: [{ id: $id }]) { __typename } }'],
  ['a subscription of nothing', 'subscription { __typename }'],
])('%s gets the errors of graphql-js', (_, text) => {
  expect(validate(schema, parse(text)).length).toBeGreaterThan(0);
  expectSame(text);
});

test('random documents get the same verdict from both validators', () => {
  fc.assert(fc.property(documentsOf(schema), expectSame), { numRuns: 300 });
});

const PLAIN = [
  '{ __typename }',
  '{ node(id: "1") { id __typename } nodes(ids: ["1", 2]) { id } }',
  '{ reviewInvitation(invitationId: 7, maxAgeSeconds: null) { id status } }',
  'query Q { invitation(ref: { smartInvite: { smartInviteId: "1", dataCenter: US } }) { id } }',
  '{ invitations(refs: { id: "1" }) { id } }',
  '{ a: node(id: "1") { id } a:node(id:"1"){id} }',
];

test.each(PLAIN)('the quick check accepts %s', (text) => {
  expect(isPlainlyValid(parse(text), schema)).toBe(true);
  expectSame(text);
});

test.each([
  ['an unknown field', '{ what }'],
  ['a field of Object.prototype', '{ constructor }'],
  ['an object without fields', '{ node(id: "1") }'],
  ['a leaf with fields', '{ __typename { id } }'],
  ['a required argument that is missing', '{ node { id } }'],
  ['a required argument that is null', '{ node(id: null) { id } }'],
  ['an argument that is given twice', '{ node(id: "1", id: "1") { id } }'],
  ['an unknown argument', '{ node(id: "1", what: 1) { id } }'],
  ['a list with null in it', '{ nodes(ids: ["1", null]) { id } }'],
  ['an object where a text belongs', '{ node(id: { a: 1 }) { id } }'],
  ['a text where an object belongs', '{ invitation(ref: "1") { id } }'],
  ['an unknown key', '{ invitation(ref: { what: "1" }) { id } }'],
  ['a key that is given twice', '{ invitation(ref: { id: "1", id: "1" }) { id } }'],
  ['two members of a one-of input', '{ invitation(ref: { id: "1", review: { invitationId: "1" } }) { id } }'],
  ['no member of a one-of input', '{ invitation(ref: {}) { id } }'],
  ['null for the member of a one-of input', '{ invitation(ref: { id: null }) { id } }'],
  ['a required key that is missing', '{ invitation(ref: { smartInvite: {} }) { id } }'],
  ['a text where an enum belongs', '{ smartInvite(smartInviteId: "1", dataCenter: "US") { id } }'],
  ['a name that the enum does not have', '{ smartInvite(smartInviteId: "1", dataCenter: XX) { id } }'],
  ['a number that is too large', '{ reviewInvitation(invitationId: "1", maxAgeSeconds: 3000000000) { id } }'],
])('the quick check does not accept %s', (_, text) => {
  expect(validate(schema, parse(text)).length).toBeGreaterThan(0);
  expect(isPlainlyValid(parse(text), schema)).toBe(false);
  expectSame(text);
});

test.each([
  ['a fragment', '{ ... { __typename } }'],
  ['a directive', '{ __typename @include(if: true) }'],
  ['a variable', 'query($id: ID!) { node(id: $id) { id } }'],
  ['fields of one key that are not the same', '{ a: nodes(ids: "1") { id } a: nodes(ids: "1") { __typename } }'],
  ['the schema', '{ __schema { queryType { name } } }'],
  ['two operations', 'query A { __typename } query B { __typename }'],
])('the quick check leaves %s to the rules', (_, text) => {
  expect(isPlainlyValid(parse(text), schema)).toBe(false);
  expectSame(text);
});
