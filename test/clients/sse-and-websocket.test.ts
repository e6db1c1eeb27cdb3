// graphql-sse and graphql-ws, the reference clients of the two protocols.

import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { accept, LIVE, LIVE_VARIABLES, PAGE, PAGE_VARIABLES } from './gateway.ts';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway({ environment: { CORS_ORIGINS: 'https://app.example.com' } });
});
afterEach(() => gateway.stop());

const socketUrl = () => `${gateway.origin.replace('http', 'ws')}/graphql`;

function sse() {
  const client = createSseClient({ url: `${gateway.origin}/graphql`, retryAttempts: 0 });
  onTestFinished(client.dispose);
  return client;
}

function ws() {
  const client = createWsClient({ url: socketUrl(), webSocketImpl: WebSocket, retryAttempts: 0 });
  onTestFinished(() => void client.dispose());
  return client;
}

describe.each([
  ['graphql-sse', sse],
  ['graphql-ws', ws],
])('%s', (_, createClient) => {
  test('gets the answer to a query', async () => {
    const answers = createClient().iterate({ query: PAGE, variables: PAGE_VARIABLES });
    const { value } = await answers.next();
    expect(value.errors).toBeUndefined();
    expect(value.data).toMatchObject({ invitations: [{ deliveryStatus: 'SENT' }, { status: 'DECLINED' }] });
    expect((await answers.next()).done).toBe(true);
  });

  test('gets the current state and then a change', async () => {
    const events = createClient().iterate({ query: LIVE, variables: LIVE_VARIABLES });
    expect((await events.next()).value.data).toMatchObject({ invitationChanged: { status: 'PENDING' } });
    accept(gateway);
    expect((await events.next()).value.data).toMatchObject({ invitationChanged: { status: 'ACCEPTED' } });
    await events.return?.();
  });

  test('is notified when a subscription has completed', async () => {
    const refs = [{ reviewInvitation: { invitationId: 'review-delivered' } }];
    const events = createClient().iterate({ query: LIVE, variables: { refs } });
    expect((await events.next()).value.data).toMatchObject({ invitationChanged: { status: 'DELIVERED' } });
    expect((await events.next()).done).toBe(true);
  });

  test('gets the error of a subscription that is wrong', async () => {
    const tell = async (query: string, variables: Record<string, unknown>) => {
      try {
        const { value } = await createClient().iterate({ query, variables }).next();
        return value.errors;
      } catch (errors) {
        return errors;
      }
    };
    const badInput = [{ extensions: { code: 'BAD_USER_INPUT' } }];
    expect(await tell(LIVE, { refs: [] })).toMatchObject(badInput);
    expect(await tell('subscription { nothing }', {})).toMatchObject(badInput);
    expect(await tell('subscription {', {})).toMatchObject(badInput);
    expect(await tell(LIVE, { refs: [{ smartInvite: {} }] })).toMatchObject(badInput);
  });
});

test('one WebSocket carries several subscriptions, each of which ends by itself', async () => {
  const client = ws();
  const [first, second] = [0, 1].map(() => client.iterate({ query: LIVE, variables: LIVE_VARIABLES }));
  await Promise.all([first?.next(), second?.next()]);
  await first?.return?.();
  accept(gateway);
  expect((await second?.next())?.value.data).toMatchObject({ invitationChanged: { status: 'ACCEPTED' } });
});

describe('a WebSocket', () => {
  /** 101 where it is accepted, else the status that it was refused with. */
  function open(origin: string | undefined, path = ''): Promise<number | undefined> {
    const socket = new WebSocket(socketUrl() + path, 'graphql-transport-ws', origin === undefined ? {} : { origin });
    onTestFinished(() => socket.terminate());
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode));
    });
  }

  test('from a page of another origin is refused', async () => {
    expect(await open('https://evil.example.com')).toBe(403);
    expect(await open('https://app.example.com.evil.example.com')).toBe(403);
    expect(await open('http://app.example.com')).toBe(403);
    expect(await open('null')).toBe(403);
  });

  test('from an origin in CORS_ORIGINS, from our own pages or from a caller without an origin is accepted', async () => {
    expect(await open('https://app.example.com')).toBe(101);
    expect(await open(gateway.origin)).toBe(101);
    expect(await open(undefined)).toBe(101);
  });

  test('to another path is refused', async () => {
    expect(await open(undefined, '/more')).toBe(403);
  });
});
