// Lists of operations, as batching clients send them: none is run, and each is told so, up to a limit.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

const OPERATION = { query: '{ reviewInvitation(invitationId: "review-sent") { status } }' };
const BATCHING_OFF = {
  errors: [
    {
      message: expect.stringMatching(/^Batching is off: .*invitations\(refs: \[\.\.\.\]\)/),
      extensions: { code: 'BAD_USER_INPUT', retryable: false },
    },
  ],
};
const GRAPHQL = 'application/graphql-response+json';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterEach(() => expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] }));
afterAll(() => gateway.stop());

function post(body: unknown, accept: string): Promise<Response> {
  return fetch(`${gateway.origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(body),
  });
}

test.each([1, 2, 100])('%i operations get as many errors', async (count) => {
  const answer = await post(Array(count).fill(OPERATION), GRAPHQL);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toEqual(Array(count).fill(BATCHING_OFF));
});

test('a caller that takes JSON alone gets them in a 200, as it gets other results without data', async () => {
  const answer = await post([OPERATION, OPERATION], 'application/json');
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual([BATCHING_OFF, BATCHING_OFF]);
});

test.each([
  ['no operations', []],
  ['101 operations', Array(101).fill(OPERATION)],
  ['so many that the body is full', Array(50_000).fill(0)],
])('%s get one error', async (_, operations) => {
  const answer = await post(operations, GRAPHQL);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toEqual(BATCHING_OFF);
});
