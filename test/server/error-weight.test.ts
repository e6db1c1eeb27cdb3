// The errors of one answer weigh one megabyte at most, however many places of an operation fail: beyond that it fails as a
// whole, and says so.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GraphQLAnswer, startTestGateway, type TestGateway } from '../harness.ts';
import { many } from './many.ts';

const MEGABYTE = 1024 * 1024;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

function expectExcess({ data, errors = [] }: GraphQLAnswer, count: number): void {
  expect(errors[0]?.message).toBe(
    `The operation has ${count} errors, which weigh more than the 1 MB that errors may: ask for less at once.`,
  );
  expect(errors[0]).not.toHaveProperty('path');
  expect(errors[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', retryable: false });
  // A place that is null without an error is one where nothing is.
  expect(data).toBeNull();
  // The first ones say what is wrong.
  expect(errors[1]?.message).toMatch(/global id/);
  expect(errors.length).toBeLessThan(count);
  expect(JSON.stringify(errors).length).toBeLessThan(1.1 * MEGABYTE);
}

describe('a hundred ids that are none', () => {
  const IDS = Array(100).fill('none');

  test('under few aliases have an error each', async () => {
    const { data, errors = [] } = await gateway.query(
      `query($ids: [ID!]!) { ${many(20, (n) => `a${n}: nodes(ids: $ids) { id }`)} }`,
      { ids: IDS },
    );
    expect(errors).toHaveLength(2_000);
    expect(data.a19).toEqual(Array(100).fill(null));
  });

  test.each([
    ['short', 1],
    ['long', 400],
  ])('under 160 aliases that are %s have a megabyte of errors', async (_, length) => {
    const key = 'k'.repeat(length);
    const query = `query($ids: [ID!]!) { ${many(160, (n) => `${key}${n}: nodes(ids: $ids) { id }`)} }`;
    for (const _ of [1, 2, 3]) expectExcess(await gateway.query(query, { ids: IDS }), 16_000);
  });
});
