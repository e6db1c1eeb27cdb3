// What is kept of a document is booked by what it holds: places that the same fragments reach together share one plan, and
// plans that are larger than a text lets expect count as what they are.

import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { PreparedDocument } from '../../src/operations/document.ts';
import { createErrorMask } from '../../src/operations/errors.ts';
import { introspectionSizesOf } from '../../src/operations/introspection.ts';
import { schema } from '../../src/schema/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { EIGHT_CONDITIONS, otherPairs, samePairs } from './meeting-fragments.ts';

const MEGABYTE = 1024 * 1024;

const time = { dateTime: new Date(0), date: null, timeZone: 'Etc/UTC' };
const invite = { type: 'SmartInvite', smartInviteId: 'id-1', event: { summary: 'x', start: time, end: time } };
const context = { defaultsOf: () => ({ dataCenter: 'US' }), loaders: { invitation: { load: () => invite } } };

/** Gives how much is held before it is run, and after each run. */
function heldBy(text: string, variables: readonly Readonly<Record<string, boolean>>[]): number[] {
  const told: number[] = [];
  const document = new PreparedDocument(
    parse(text),
    {
      schema,
      maskError: createErrorMask(createLog('silent')),
      introspection: introspectionSizesOf(schema),
      tellsNames: false,
      isTrusted: false,
    },
    () => told.push(document.bytes),
  );
  const held = [document.bytes];
  for (const each of variables) {
    const answer = document.operation(undefined).run(each, context);
    expect(answer).not.toHaveProperty('errors');
    expect(answer).toHaveProperty('data.a8.e9.s9.t6', 'EventTime');
    held.push(document.bytes);
  }
  // Whoever keeps it counts whole bytes, and has heard of all of them.
  expect(document.bytes).toBe(Math.round(document.bytes));
  expect(told.at(-1) ?? held[0]).toBe(document.bytes);
  return held;
}

const [FIRST = {}] = EIGHT_CONDITIONS;

test('two fragments that meet in a thousand places are planned once', () => {
  const [before = 0, after = 0] = heldBy(samePairs('Same'), [FIRST]);
  expect(after).toBeLessThan(1.5 * before);
});

test('fragments that meet in other pairs everywhere are booked as what is planned of them', () => {
  const [before = 0, after = 0] = heldBy(otherPairs('Other'), [FIRST]);
  expect(after - before).toBeGreaterThan(0.4 * MEGABYTE);
});

test('each set of conditions is booked that a plan is kept for, once', () => {
  const held = heldBy(otherPairs('Variants'), [...EIGHT_CONDITIONS, ...EIGHT_CONDITIONS]);
  const [before = 0, one = 0] = held;
  expect(held[8]).toBeGreaterThan(before + 7 * (one - before) * 0.8);
  expect(held.at(-1)).toBe(held[8]);
});
