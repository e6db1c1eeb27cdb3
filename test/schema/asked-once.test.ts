// What an operation asks for again and again is worked out once: a list that many of its fields name is gone through
// once, and a text that many of its aliases give is weighed once.

import { graphql } from 'graphql';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openViewer } from '../../src/access/viewer.ts';
import { snapshotOf } from '../../src/invitation/snapshot.ts';
import type { Outcome } from '../../src/loaders/invitation-loader.ts';
import type { Selection } from '../../src/loaders/wish.ts';
import type { Context } from '../../src/schema/builder.ts';
import { schema } from '../../src/schema/index.ts';
import { smartInviteRef } from '../refs.ts';
import { inviteTo } from '../snapshots/source.ts';

const REF = smartInviteRef('US', 'lunch', null);
const ICS = 'BEGIN:VCALENDAR\r\nEND:VCALENDAR'.repeat(100);

/** Gives everything that is asked for, and counts how often a kind's defaults are looked up: once for each ref. */
function counting(outcome: Outcome, select: (selection: Selection) => unknown = () => undefined) {
  const counts = { refs: 0 };
  const loaders: Context['loaders'] = {
    invitation: {
      load(wish) {
        select(wish.selection);
        return null;
      },
      loadMany: (refs) => refs.map(() => outcome),
    },
  };
  const context: Context = {
    loaders,
    createLoaders: () => loaders,
    ageMs: () => undefined,
    streams: {
      open() {
        throw new Error('nothing is watched here');
      },
    },
    viewer: openViewer('192.0.2.1'),
    providers: () => [],
    defaultsOf() {
      counts.refs += 1;
      return undefined;
    },
  };
  return { context, counts };
}

const aliases = (count: number, of: (n: number) => string) => Array.from({ length: count }, (_, n) => of(n)).join(' ');

const AGAIN_AND_AGAIN = `query($refs: [InvitationRef!]!) {
  ${aliases(50, (n) => `a${n}: invitations(refs: $refs) { id }`)}
}`;

test('a list that fifty fields name is gone through once', async () => {
  const { context, counts } = counting(snapshotOf(inviteTo(REF, 'pending'), new Date(0)));
  const refs = Array.from({ length: 20 }, (_, n) => ({ smartInvite: { smartInviteId: `id-${n}` } }));
  const { data, errors } = await graphql({
    schema,
    source: AGAIN_AND_AGAIN,
    variableValues: { refs },
    contextValue: context,
  });
  expect(errors).toBeUndefined();
  expect(data?.a49).toHaveLength(20);
  expect(counts.refs).toBe(20);
});

test('what can name nothing is found out once, and told at each place', async () => {
  const { context, counts } = counting(null);
  const refs = Array(20).fill({ smartInvite: { smartInviteId: '' } });
  const { errors = [] } = await graphql({
    schema,
    source: AGAIN_AND_AGAIN,
    variableValues: { refs },
    contextValue: context,
  });
  expect(errors).toHaveLength(50 * 20);
  expect(new Set(errors.map(({ path }) => path?.join('.'))).size).toBe(50 * 20);
  expect(new Set(errors.map(({ originalError }) => originalError)).size).toBe(20);
  expect(counts.refs).toBe(20);
});

test('two lists are each what they are, also where they are asked for in turns', async () => {
  const asked: string[] = [];
  const { context } = counting(null);
  context.loaders.invitation.loadMany = (refs) => {
    asked.push(refs.map(({ key }) => key).join());
    return refs.map(() => null);
  };
  const one = [{ smartInvite: { smartInviteId: 'one' } }];
  const two = [{ smartInvite: { smartInviteId: 'two' } }, { smartInvite: { smartInviteId: '' } }];
  const source = `query($one: [InvitationRef!]!, $two: [InvitationRef!]!) {
    a: invitations(refs: $one) { id } b: invitations(refs: $two) { id }
    c: invitations(refs: $one) { id } d: invitations(refs: $two) { id }
  }`;
  const { data, errors = [] } = await graphql({
    schema,
    source,
    variableValues: { one, two },
    contextValue: context,
  });
  expect(data).toEqual({ a: [null], b: [null, null], c: [null], d: [null, null] });
  expect(errors.map(({ path }) => path)).toEqual([
    ['b', 1],
    ['d', 1],
  ]);
  expect(asked).toEqual([asked[0], asked[1], asked[0], asked[1]]);
  expect(asked[0]).not.toBe(asked[1]);
});

/** What an operation's selection of one invite weighs, and how often it looks at the ICS for that. */
async function weighed(selections: string, most: number) {
  let looks = 0;
  const attachments = {
    get icalendar() {
      looks += 1;
      return ICS;
    },
  };
  const snapshot = { ...snapshotOf(inviteTo(REF, 'pending'), new Date(0)), attachments };
  let weight = Number.NaN;
  const { context } = counting(null, (selection) => {
    weight = selection.weigh(snapshot, most);
  });
  const source = `{ smartInvite(smartInviteId: "lunch") { ${selections} } }`;
  expect((await graphql({ schema, source, contextValue: context })).errors).toBeUndefined();
  return { weight, looks };
}

test('a text under twenty aliases weighs twenty times as much, and is looked at once', async () => {
  const once = await weighed('attachments { icalendar }', Number.POSITIVE_INFINITY);
  expect(once).toEqual({ weight: 64 + Buffer.byteLength(JSON.stringify(ICS)), looks: 1 });
  const within = await weighed(`attachments { ${aliases(20, (n) => `a${n}: icalendar`)} }`, Number.POSITIVE_INFINITY);
  expect(within).toEqual({ weight: 32 + 20 * (once.weight - 32), looks: 1 });
  const apart = aliases(20, (n) => `a${n}: attachments { icalendar }`);
  expect(await weighed(apart, Number.POSITIVE_INFINITY)).toEqual({ weight: 20 * once.weight, looks: 1 });
});

test('a long text of what is known is weighed once for all operations', async () => {
  const attachments = { icalendar: ICS.repeat(10) };
  const snapshot = { ...snapshotOf(inviteTo(REF, 'pending'), new Date(0)), attachments };
  const weights: number[] = [];
  const { context } = counting(null, (selection) => weights.push(selection.weigh(snapshot, Number.POSITIVE_INFINITY)));
  const stringify = vi.spyOn(JSON, 'stringify');
  onTestFinished(() => stringify.mockRestore());
  for (const name of ['A', 'B', 'C']) {
    const source = `query ${name} { smartInvite(smartInviteId: "lunch") { attachments { icalendar } } }`;
    await graphql({ schema, source, contextValue: context });
  }
  const weighings = stringify.mock.calls.filter(([text]) => text === attachments.icalendar);
  expect(weighings).toHaveLength(1);
  expect(weights).toEqual(Array(3).fill(64 + Buffer.byteLength(JSON.stringify(attachments.icalendar))));
});

test.each([
  [
    'a fragment',
    'query { smartInvite(smartInviteId: "lunch") { ...F } } fragment F on SmartInvite { id }',
    'query { smartInvite(smartInviteId: "lunch") { ...F } } fragment F on SmartInvite { id status }',
  ],
  [
    'a fragment whose name begins as a type condition does',
    'query { smartInvite(smartInviteId: "lunch") { ...on1 } } fragment on1 on SmartInvite { id }',
    'query { smartInvite(smartInviteId: "lunch") { ...on1 } } fragment on1 on SmartInvite { id status }',
  ],
  [
    'a variable',
    'query($v: Boolean = false) { smartInvite(smartInviteId: "lunch") { id status @include(if: $v) } }',
    'query($v: Boolean = true) { smartInvite(smartInviteId: "lunch") { id status @include(if: $v) } }',
  ],
  [
    'another field of the same key',
    'query { smartInvite(smartInviteId: "lunch") { id } }',
    'query { smartInvite(smartInviteId: "lunch") { id } smartInvite(smartInviteId: "lunch") { status } }',
  ],
])('what two documents select with the same text, and with %s, weighs apart', async (_, light, heavy) => {
  const snapshot = snapshotOf(inviteTo(REF, 'pending'), new Date(0));
  const weights: number[] = [];
  const { context } = counting(null, (selection) => weights.push(selection.weigh(snapshot, Number.POSITIVE_INFINITY)));
  for (const source of [light, heavy, light]) {
    expect((await graphql({ schema, source, contextValue: context })).errors).toBeUndefined();
  }
  const [first, second, third] = weights;
  expect(second).toBe((first ?? Number.NaN) + 32 + snapshot.status.length);
  expect(third).toBe(first);
});

test('a text that is too long by its characters alone is too heavy', async () => {
  expect((await weighed('attachments { icalendar }', 1_000)).weight).toBeGreaterThan(1_000);
});
