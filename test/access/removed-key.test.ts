// A key that its identity provider has removed: nothing that rests on it goes on, and a client with a token of another key
// misses nothing.

import { createClient } from 'graphql-ws';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startTestGateway } from '../harness.ts';
import { review, subscribeTo } from '../live/subscriber.ts';
import { beginRequest } from '../server/late-body.ts';
import { startKeyServer } from './key-server.ts';
import { createSigningKey, signWith } from './tokens.ts';

const LIVE = 'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-sent" } }]) { id } }';
const PATIENCE = { timeout: 20_000, interval: 20 };

test('a removed key ends the streams and WebSockets of its tokens, and leaves those of others', {
  timeout: 40_000,
}, async () => {
  const [stolen, kept] = await Promise.all([createSigningKey('stolen'), createSigningKey('kept')]);
  const server = await startKeyServer([stolen.jwk, kept.jwk]);
  const gateway = await startTestGateway({ environment: { AUTH_JWKS_URL: server.url } });
  onTestFinished(() => gateway.stop());
  const { origin } = gateway;
  const bearerOf = async (key: typeof kept) => `Bearer ${signWith(key)}`;
  const [thief, owner] = [await bearerOf(stolen), await bearerOf(kept)];
  const statusOf = async (authorization: string) => {
    const body = JSON.stringify({ query: '{ reviewInvitation(invitationId: "review-sent") { id } }' });
    const headers = { 'content-type': 'application/json', authorization };
    return (await fetch(`${origin}/graphql`, { method: 'POST', headers, body })).status;
  };
  expect([await statusOf(thief), await statusOf(owner)]).toEqual([200, 200]);

  const streams = [thief, owner].map((authorization) =>
    subscribeTo(origin, [review('review-sent')], 'id', { authorization }),
  );
  for (const stream of streams) await stream.first(1);
  const hasEnded = vi.fn();
  void streams[1]?.completed.then(hasEnded);

  let shown = thief;
  const closes: number[] = [];
  const events: unknown[] = [];
  const ended = vi.fn();
  const client = createClient({
    url: `${origin.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: () => ({ authorization: shown }),
    retryWait: () => Promise.resolve(),
    on: { closed: (event) => void closes.push((event as { code: number }).code) },
  });
  onTestFinished(() => void client.dispose());
  client.subscribe({ query: LIVE }, { next: (event) => void events.push(event), error: ended, complete: ended });
  await vi.waitUntil(() => events.length === 1, PATIENCE);

  const finish = await beginRequest(origin, thief, LIVE, 'text/event-stream');

  server.give([kept.jwk]);
  shown = owner;
  // A key that is not known makes the gateway look, every ten seconds at most.
  const unknown = await bearerOf(await createSigningKey('unknown'));
  const asked = server.asked();
  await vi.waitUntil(async () => (await statusOf(unknown)) === 401 && server.asked() > asked, {
    ...PATIENCE,
    interval: 1_000,
  });

  expect(await streams[0]?.completed).toBe('completed');
  await vi.waitUntil(() => events.length === 2, PATIENCE);
  expect(closes).toEqual([4403]);
  expect([await statusOf(thief), await statusOf(owner)]).toEqual([401, 200]);
  // It was admitted while the key was there.
  expect(await finish()).toMatchObject({ status: 401, body: { errors: [{ extensions: { retryable: true } }] } });
  expect(ended).not.toHaveBeenCalled();
  expect(hasEnded).not.toHaveBeenCalled();
});
