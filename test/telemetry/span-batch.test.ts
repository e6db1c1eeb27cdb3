// Whatever a span holds, a collector reads the same out of the request: it decodes the protobuf by the published numbers.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EndedSpan } from '../../src/telemetry/traces/ended-span.ts';
import { SpanBatch } from '../../src/telemetry/traces/span-batch.ts';
import { SpanId } from '../../src/telemetry/traces/span-id.ts';
import { type CollectedSpan, spansIn } from './collector.ts';

const RESOURCE = { 'service.name': 'test of größe', 'service.instance.id': 'a'.repeat(200) };

const SAMPLED = 0x1;
const KNOWN = 0x100;
const REMOTE = 0x200;

const hex = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: length, maxLength: length })
    .map((digits) => digits.map((digit) => digit.toString(16)).join(''));

/** An id with what it is in hex. */
const id = fc
  .record({ traceId: hex(32), spanId: hex(16) })
  .map((names) => ({ ...names, flags: KNOWN | REMOTE, id: SpanId.remote(names) }));

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.nat({ max: 40_000 }).map((length) => 'x'.repeat(length)),
);
const number = fc
  .oneof(
    fc.nat(),
    fc.maxSafeNat(),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.constantFrom(0, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53),
  )
  // Zero has no sign.
  .map((value) => value + 0);
const key = fc.string({ minLength: 1, maxLength: 30 }).filter((name) => name !== '__proto__');
const attributes = fc.dictionary(key, fc.oneof(text, number), { maxKeys: 12, noNullPrototype: true });
const time = fc.double({ min: 0, max: 4e12, noNaN: true });

const span = fc.record({
  name: text,
  kind: fc.constantFrom('SERVER', 'CLIENT'),
  own: id,
  parent: fc.option(id, { nil: undefined }),
  startedAt: time,
  endedAt: time,
  attributes,
  events: fc.array(fc.record({ name: text, attributes, at: time }), { maxLength: 3 }),
  links: fc.array(id, { maxLength: 3 }),
  isFailed: fc.boolean(),
});

type Drawn = typeof span extends fc.Arbitrary<infer T> ? T : never;

function endedOf({ own, parent, links, ...rest }: Drawn): EndedSpan {
  return { ...rest, id: own.id, parent: parent?.id, links: links.map((link) => link.id) } as EndedSpan;
}

function collectedOf({ own, parent, links, events, isFailed, ...rest }: Drawn): CollectedSpan {
  return {
    traceId: own.traceId,
    spanId: own.spanId,
    parentId: parent?.spanId ?? '',
    traceState: '',
    flags: SAMPLED | KNOWN | (parent === undefined ? 0 : REMOTE),
    name: rest.name,
    kind: rest.kind,
    startedAt: nanoseconds(rest.startedAt),
    endedAt: nanoseconds(rest.endedAt),
    attributes: rest.attributes,
    events: events.map(({ at, ...event }) => ({ ...event, at: nanoseconds(at) })),
    links: links.map(({ traceId, spanId, flags }) => ({ traceId, spanId, flags, attributes: {} })),
    status: isFailed ? 'ERROR' : 'UNSET',
    statusMessage: '',
    resource: RESOURCE,
  };
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.floor(ms * 1e6));
}

test('a collector reads of any spans what they hold', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 5 }), (spans) => {
      const batch = new SpanBatch(RESOURCE);
      for (const each of spans) batch.add(endedOf(each));
      expect(batch.count).toBe(spans.length);
      expect(spansIn(batch.end())).toEqual(spans.map(collectedOf));
    }),
    { numRuns: 300 },
  );
});

describe('an id', () => {
  test('of our own is of its own trace, and of that of its parent', () => {
    const ids = Array.from({ length: 1_000 }, () => SpanId.create(undefined));
    expect(new Set(ids.map(({ traceId }) => traceId)).size).toBe(1_000);
    for (const { traceId } of ids) expect(traceId).toMatch(/^(?!0{32})[\da-f]{32}$/);
    const [parent] = ids;
    const child = SpanId.create(parent);
    expect(child.traceId).toBe(parent?.traceId);
    expect(child.words).not.toEqual(parent?.words);
  });

  test('of somebody else has the name that it was given', () => {
    const traceId = '00000000ffffffff8000000000000001';
    expect(SpanId.remote({ traceId, spanId: '00f067aa0ba902b7' }).traceId).toBe(traceId);
  });
});
