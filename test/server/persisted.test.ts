// Automatic persisted queries, as Apollo Client and urql speak them: a hash alone is answered once its text is known, a
// hash that does not fit its text is refused, and every transport does the same. The clients themselves: test/clients/.

import { createHash } from 'node:crypto';
import { createClient as createSseClient, NetworkError } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { openSocket } from './socket-client.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const extensionsOf = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } });

const QUERY = 'query Review($id: ID!) { reviewInvitation(invitationId: $id) { status } }';
const variables = { id: 'review-sent' };
const ANSWER = { data: { reviewInvitation: { status: 'PENDING' } } };
const NOT_FOUND = {
  errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND', retryable: false } }],
};
const BAD_INPUT = { errors: [{ extensions: { code: 'BAD_USER_INPUT', retryable: false } }] };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

/** A text that no other test asks for. */
let texts = 0;
const newText = (text = QUERY) => `${text} # ${texts++}`;

const TYPE = 'application/graphql-response+json';

async function post(body: object, accept = TYPE): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${gateway.origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
}

async function get(parameters: Record<string, unknown>, accept = TYPE): Promise<{ status: number; json: unknown }> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    search.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  const response = await fetch(`${gateway.origin}/graphql?${search}`, { headers: { accept } });
  return { status: response.status, json: await response.json() };
}

/** By Server-Sent Events: the first event, or why there is none. */
function overEvents(payload: object): Promise<unknown> {
  const client = createSseClient({ url: `${gateway.origin}/graphql`, retryAttempts: 0 });
  onTestFinished(client.dispose);
  return new Promise((resolve, reject) => {
    const error = (error: unknown) => {
      if (error instanceof NetworkError && error.response instanceof Response) resolve(error.response.json());
      else reject(error);
    };
    client.subscribe(payload as never, { next: resolve, error, complete: () => undefined });
  });
}

/** By a raw message of a WebSocket. */
async function overSocket(payload: object): Promise<unknown> {
  const { socket, subscribe, outcomeOf } = await openSocket(gateway.origin);
  subscribe('1', payload);
  const [outcome] = await outcomeOf('1');
  socket.terminate();
  return outcome?.type === 'error' ? { errors: outcome.payload } : outcome?.payload;
}

const TRANSPORTS: readonly [name: string, ask: (payload: object) => Promise<unknown>][] = [
  ['POST', async (payload) => (await post(payload)).json],
  ['GET', async (payload) => (await get({ ...payload })).json],
  ['Server-Sent Events', overEvents],
  ['a WebSocket', overSocket],
];

describe.each(TRANSPORTS)('by %s', (_, ask) => {
  test('a hash is not found, then is registered with its text, and then is enough alone', async () => {
    const query = newText();
    const extensions = extensionsOf(sha256(query));
    expect(await ask({ variables, extensions })).toEqual(NOT_FOUND);
    expect(await ask({ query, variables, extensions })).toEqual(ANSWER);
    for (const _ of [1, 2, 3]) expect(await ask({ variables, extensions })).toEqual(ANSWER);
    for (const [, other] of TRANSPORTS) expect(await other({ variables, extensions })).toEqual(ANSWER);
  });

  test('a hash that does not match its text is refused, and neither is registered', async () => {
    const [good, bad] = [newText(), newText('{ __typename }')];
    const extensions = extensionsOf(sha256(good));
    for (const _ of [1, 2, 3]) {
      expect(await ask({ query: bad, variables, extensions })).toMatchObject(BAD_INPUT);
      expect(await ask({ variables, extensions })).toEqual(NOT_FOUND);
      expect(await ask({ extensions: extensionsOf(sha256(bad)) })).toEqual(NOT_FOUND);
    }
    expect(await ask({ query: good, variables, extensions })).toEqual(ANSWER);
    expect(await ask({ query: bad, variables, extensions })).toMatchObject(BAD_INPUT);
    expect(await ask({ variables, extensions })).toEqual(ANSWER);
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', '0'.repeat(64), '%s', ' '])(
    'a hash that was not registered is not found: %j',
    async (hash) => {
      for (const _ of [1, 2, 3]) expect(await ask({ variables, extensions: extensionsOf(hash) })).toEqual(NOT_FOUND);
      expect(await ask({ query: QUERY, variables, extensions: extensionsOf(hash) })).toMatchObject(BAD_INPUT);
      expect(await ask({ variables, documentId: hash })).toEqual(NOT_FOUND);
    },
  );

  test.each<[string, object]>([
    ['an empty one', extensionsOf('')],
    ['a number', { persistedQuery: { version: 1, sha256Hash: 1 } }],
    ['an object', { persistedQuery: { version: 1, sha256Hash: {} } }],
    ['none', { persistedQuery: { version: 1 } }],
    ['one of another version', { persistedQuery: { version: 2, sha256Hash: sha256(QUERY) } }],
    ['one of no version', { persistedQuery: { sha256Hash: sha256(QUERY) } }],
    ['a text in its place', { persistedQuery: sha256(QUERY) }],
    ['one of 1,000 characters', extensionsOf('a'.repeat(1_000))],
  ])('an invalid hash is refused: %s', async (_, extensions) => {
    expect(await ask({ variables, extensions })).toMatchObject(BAD_INPUT);
    expect(await ask({ query: QUERY, variables, extensions })).toMatchObject(BAD_INPUT);
  });

  test('documentId and a hash that differ are refused, each known or not', async () => {
    const [one, other] = [newText(), newText('{ __typename }')];
    for (const query of [one, other, one, other]) {
      await ask({ query, variables, extensions: extensionsOf(sha256(query)) });
    }
    const { persistedQuery } = extensionsOf('');
    for (const extensions of [extensionsOf(sha256(other)), extensionsOf('0'.repeat(64)), { persistedQuery }]) {
      expect(await ask({ variables, documentId: sha256(one), extensions })).toMatchObject(BAD_INPUT);
      expect(await ask({ query: one, variables, documentId: sha256(one), extensions })).toMatchObject(BAD_INPUT);
    }
    expect(await ask({ variables, documentId: sha256(one), extensions: extensionsOf(sha256(one)) })).toEqual(ANSWER);
  });

  test('an invalid text is not registered for its hash', async () => {
    for (const query of [newText('{ nothing }'), newText('{'), newText(`{ ${'b '.repeat(3_000)} }`)]) {
      const extensions = extensionsOf(sha256(query));
      expect(await ask({ extensions })).toEqual(NOT_FOUND);
      for (const _ of [1, 2, 3]) expect(await ask({ query, extensions })).toMatchObject(BAD_INPUT);
      expect(await ask({ extensions })).toEqual(NOT_FOUND);
    }
  });

  test('unknown extensions are ignored', async () => {
    expect(await ask({ query: QUERY, variables, extensions: { more: { canary: 1 } } })).toEqual(ANSWER);
    expect(await ask({ query: QUERY, variables, extensions: { persistedQuery: null } })).toEqual(ANSWER);
  });
});

test.each(['application/json', TYPE])('an unknown hash gets status 200 in %s', async (accept) => {
  const extensions = extensionsOf(sha256(newText()));
  expect(await post({ extensions }, accept)).toEqual({ status: 200, json: NOT_FOUND });
  expect(await get({ extensions }, accept)).toEqual({ status: 200, json: NOT_FOUND });
});

test('the client of graphql-ws subscribes by a hash', async () => {
  const query = newText(
    'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-delivered" } }]) { status } }',
  );
  const extensions = extensionsOf(sha256(query));
  const client = createWsClient({
    url: `${gateway.origin.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  onTestFinished(() => void client.dispose());
  const first = (payload: { query: string; extensions: Record<string, unknown> }) => client.iterate(payload).next();
  await expect(first({ query: '', extensions })).rejects.toMatchObject(NOT_FOUND.errors);
  const told = { data: { invitationChanged: { status: 'DELIVERED' } } };
  for (const text of [query, '', '']) expect((await first({ query: text, extensions })).value).toEqual(told);
  expect(await overEvents({ extensions })).toEqual(told);
  expect(await overSocket({ extensions })).toEqual(told);
});
