// Leaving out the rules that speak of what is not in a document changes nothing of what is found wrong with it.

import fc from 'fast-check';
import { parse, specifiedRules, validate } from 'graphql';
import { expect, test } from 'vitest';
import { rulesFor } from '../../src/operations/rules.ts';
import { schema } from '../../src/schema/index.ts';
import { documentsOf } from '../fuzz/documents.ts';

function expectSame(text: string): void {
  const document = parse(text);
  const messages = (rules: typeof specifiedRules) => validate(schema, document, rules).map(({ message }) => message);
  expect(messages(rulesFor(document)), text).toEqual(messages(specifiedRules));
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
  ['a subscription of nothing', 'subscription { __typename }'],
])('%s is found', (_, text) => {
  expect(validate(schema, parse(text)).length).toBeGreaterThan(0);
  expectSame(text);
});

test('random documents are judged alike', () => {
  fc.assert(fc.property(documentsOf(schema), expectSame), { numRuns: 300 });
});
