// A subscription through nginx as it comes: default settings of a proxy, which buffers answers and speaks HTTP/1.0.

import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { type RunningProxy, startNginx } from '../proxies.ts';
import { accept, LIVE, LIVE_VARIABLES } from './gateway.ts';

let gateway: TestGateway;
let nginx: RunningProxy;

beforeAll(async () => {
  gateway = await startTestGateway();
  nginx = await startNginx(`proxy_pass ${gateway.origin};`);
});

afterAll(async () => {
  await nginx?.stop();
  await gateway?.stop();
});

test('it gives the current state, and a change while it stays open', async () => {
  const client = createClient({ url: `${nginx.origin}/graphql`, retryAttempts: 0 });
  const events = client.iterate({ query: LIVE, variables: LIVE_VARIABLES });
  expect((await events.next()).value.data).toMatchObject({ invitationChanged: { status: 'PENDING' } });
  accept(gateway);
  expect((await events.next()).value.data).toMatchObject({ invitationChanged: { status: 'ACCEPTED' } });
  await events.return?.();
});

test('its end is told through it', async () => {
  const client = createClient({ url: `${nginx.origin}/graphql`, retryAttempts: 0 });
  const refs = [{ reviewInvitation: { invitationId: 'review-delivered' } }];
  const events = client.iterate({ query: LIVE, variables: { refs } });
  expect((await events.next()).value.data).toMatchObject({ invitationChanged: { status: 'DELIVERED' } });
  expect((await events.next()).done).toBe(true);
});
