// The official audits of GraphQL over HTTP, each against the running gateway: a client that follows the specification
// gets along with it, whichever client that is.

import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const audits = serverAudits({ url: () => `${gateway.origin}/graphql`, fetchFn: fetch });

test('the suite has 61 audits, and all of them run', () => {
  expect(audits).toHaveLength(61);
  expect(new Set(audits.map(({ id }) => id)).size).toBe(61);
});

test.each(audits.map(({ id, name, fn }) => ({ id, name, fn })))('$id: $name', async ({ fn }) => {
  const result = await fn();
  expect(result.status, 'reason' in result ? result.reason : undefined).toBe('ok');
});
