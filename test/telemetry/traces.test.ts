// The tree of spans that a collector gets of what callers and providers do, over real sockets.

import { createClient } from 'graphql-sse';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { review, subscribeTo } from '../live/subscriber.ts';
import { openSocket } from '../server/socket-client.ts';
import { fileOf, hashOf, relay } from '../server/trusted-list.ts';
import type { CollectedSpan } from './collector.ts';
import { only, startTraced } from './traced.ts';

const REVIEW = 'query Secretive($id: ID!) { reviewInvitation(invitationId: $id) { status } }';
const INVITE = '{ smartInvite(smartInviteId: "board-meeting") { status } }';
const LIVE = `subscription ($id: ID!) {
  invitationChanged(refs: [{ reviewInvitation: { invitationId: $id } }]) { status }
}`;

const variables = { id: 'review-sent' };
const operation = (query: string) => ({ query, variables });

/** Within its parent, as a reader of the trace expects it. */
function expectWithin(child: CollectedSpan, parent: CollectedSpan): void {
  expect(child).toMatchObject({ traceId: parent.traceId, parentId: parent.spanId });
  expect(child.startedAt).toBeGreaterThanOrEqual(parent.startedAt);
  expect(child.endedAt).toBeLessThanOrEqual(parent.endedAt);
}

describe('an operation', () => {
  test('over POST is a span, and the upstream call that it causes another one below it', async () => {
    const { query, named, collector } = await startTraced();
    await query(REVIEW, variables);
    const asked = only(await named('query'));
    const call = only(await named('partoo GET'));
    expect(collector.spans).toHaveLength(2);
    expect(asked).toMatchObject({ kind: 'SERVER', parentId: '', links: [], status: 'UNSET' });
    expect(asked.attributes).toEqual({
      'graphql.operation.type': 'query',
      'gateway.document': hashOf('sha256', REVIEW).slice(0, 12),
      'gateway.transport': 'post',
      'gateway.outcome': 'ok',
      'gateway.refs.miss': 1,
    });
    expectWithin(call, asked);
    expect(call).toMatchObject({ kind: 'CLIENT', links: [], status: 'UNSET' });
    expect(call.attributes).toEqual({
      'http.request.method': 'GET',
      'url.template': '/v2/review_booster/invitation_status',
      'http.response.status_code': 200,
      'gateway.payment': 'caller',
      'gateway.outcome': 'ok',
      'gateway.attempts': 1,
      'gateway.quota_wait_ms': expect.any(Number),
      'gateway.connection_wait_ms': expect.any(Number),
    });
    const attempt = only(call.events);
    expect(attempt).toMatchObject({
      name: 'attempt',
      attributes: { 'gateway.outcome': 'ok', 'http.response.status_code': 200 },
    });
    expect(attempt.at).toBeGreaterThanOrEqual(call.startedAt);
    expect(attempt.at).toBeLessThanOrEqual(call.endedAt);
  });

  test('that is answered from what is kept has no call', async () => {
    const { query, named, collector } = await startTraced();
    await query(REVIEW, variables);
    await query(REVIEW, variables);
    const [first, second] = await named('query', 2);
    expect(second?.traceId).not.toBe(first?.traceId);
    expect(collector.spans.filter(({ traceId }) => traceId === second?.traceId)).toHaveLength(1);
  });

  test('of a page has a call for each invitation, of both providers', async () => {
    const { query, collector } = await startTraced();
    await query(`query { a: ${INVITE.slice(1, -1)} b: reviewInvitation(invitationId: "review-sent") { status }
      c: reviewInvitation(invitationId: "review-delivered") { status } }`);
    const spans = await collector.until((all) => all.length === 4 && all);
    const asked = only(spans.filter(({ name }) => name === 'query'));
    const calls = spans.filter((span) => span !== asked);
    expect(calls.map(({ name }) => name).toSorted()).toEqual(['cronofy GET', 'partoo GET', 'partoo GET']);
    for (const call of calls) expectWithin(call, asked);
    expect(asked.attributes).toMatchObject({ 'gateway.refs.miss': 3 });
  });

  test('over Server-Sent Events is the same', async () => {
    const { origin, named } = await startTraced();
    const client = createClient({ url: `${origin}/graphql`, retryAttempts: 0 });
    onTestFinished(client.dispose);
    await new Promise((resolve, reject) => {
      client.subscribe(operation(REVIEW), { next: resolve, error: reject, complete: () => undefined });
    });
    const asked = only(await named('query'));
    expect(asked.attributes).toMatchObject({ 'gateway.transport': 'sse', 'gateway.outcome': 'ok' });
    expectWithin(only(await named('partoo GET')), asked);
  });

  test('over a WebSocket is the same', async () => {
    const { origin, named } = await startTraced();
    const socket = await openSocket(origin);
    socket.subscribe('1', operation(REVIEW));
    await socket.outcomeOf('1');
    const asked = only(await named('query'));
    expect(asked.attributes).toMatchObject({ 'gateway.transport': 'websocket', 'gateway.outcome': 'ok' });
    expectWithin(only(await named('partoo GET')), asked);
  });

  test.each(['sse', 'websocket'] as const)(
    'that subscribes over %s has what it begins with below it',
    async (transport) => {
      const { origin, named } = await startTraced();
      if (transport === 'sse') await subscribeTo(origin, [review('review-sent')]).first(1);
      else {
        const socket = await openSocket(origin);
        socket.subscribe('1', operation(LIVE));
        await socket.first(1, '1');
      }
      const begun = only(await named('subscription'));
      expect(begun.attributes).toMatchObject({ 'gateway.transport': transport, 'gateway.outcome': 'ok' });
      const [call] = await named('partoo GET');
      expect(call).toMatchObject({ traceId: begun.traceId, parentId: begun.spanId });
    },
  );

  test('has its name where the operator has listed its document', async () => {
    const listed = fileOf(relay([REVIEW]));
    const { origin, named } = await startTraced({ environment: { TRUSTED_DOCUMENTS: listed } });
    await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ documentId: hashOf('md5', REVIEW), variables }),
    });
    const asked = only(await named('query Secretive'));
    expect(asked.attributes).toMatchObject({ 'graphql.operation.name': 'Secretive' });
  });

  test('that fails by its provider is marked, and so is the call', async () => {
    const { query, named, sandbox } = await startTraced();
    sandbox.partoo.misbehave({ status: 403 });
    await query(REVIEW, variables);
    const asked = only(await named('query'));
    expect(asked).toMatchObject({ status: 'ERROR', statusMessage: '' });
    expect(asked.attributes).toMatchObject({
      'gateway.outcome': 'failed',
      'error.type': 'PROVIDER_UNAUTHORIZED',
    });
    const call = only(await named('partoo GET'));
    expect(call).toMatchObject({ status: 'ERROR', statusMessage: '' });
    expect(call.attributes).toMatchObject({ 'error.type': 'unauthorized', 'http.response.status_code': 403 });
  });

  test('that is refused is no fault, and has no name', async () => {
    const { query, named } = await startTraced();
    await query('query Odd { nothing }');
    const asked = only(await named('GraphQL Operation'));
    expect(asked.status).toBe('UNSET');
    expect(asked.attributes).toEqual({
      'gateway.transport': 'post',
      'gateway.outcome': 'refused',
      'error.type': 'BAD_USER_INPUT',
    });
  });
});

describe('an upstream call', () => {
  test('that is made again has each attempt as an event', async () => {
    const { query, named, sandbox } = await startTraced();
    sandbox.partoo.misbehave({ status: 503, times: 1 });
    await query(REVIEW, variables);
    const { attributes, events, status } = only(await named('partoo GET'));
    expect(attributes).toMatchObject({ 'gateway.attempts': 2, 'http.response.status_code': 200 });
    expect(status).toBe('UNSET');
    expect(events.map((event) => event.attributes)).toMatchObject([
      { 'gateway.outcome': 'unavailable', 'http.response.status_code': 503 },
      { 'gateway.outcome': 'ok', 'http.response.status_code': 200 },
    ]);
    expect(Number((events[1]?.at ?? 0n) - (events[0]?.at ?? 0n))).toBeGreaterThan(0);
  });

  test('that never gets an answer has an attempt without a status', async () => {
    const { query, named, sandbox } = await startTraced();
    sandbox.partoo.misbehave({ mode: 'reset' });
    await query(REVIEW, variables);
    const { attributes, events } = only(await named('partoo GET'));
    expect(attributes).toMatchObject({ 'gateway.outcome': 'unavailable', 'error.type': 'unavailable' });
    expect(attributes).not.toHaveProperty('http.response.status_code');
    expect(events.length).toBeGreaterThan(1);
  });

  test('that serves two callers is below the one that pays, and linked with the one that joined', async () => {
    const { query, named } = await startTraced({ sandbox: { partoo: { latencyMs: 300 } } });
    await Promise.all([query(REVIEW, variables), query(REVIEW, variables)]);
    const call = only(await named('partoo GET'));
    const [one, other] = await named('query', 2);
    if (one === undefined || other === undefined) throw new Error('an operation has no span');
    const [payer, joined] = call.parentId === one.spanId ? [one, other] : [other, one];
    expectWithin(call, payer);
    expect(call.links).toMatchObject([{ traceId: joined.traceId, spanId: joined.spanId }]);
    expect(joined.links).toMatchObject([{ traceId: call.traceId, spanId: call.spanId }]);
    expect(payer.links).toEqual([]);
    expect(payer.attributes).toMatchObject({ 'gateway.refs.miss': 1 });
    expect(joined.attributes).toMatchObject({ 'gateway.refs.joined': 1 });
    expect(joined.traceId).not.toBe(payer.traceId);
  });

  test('for no caller is a root', async () => {
    const { query, collector } = await startTraced({
      environment: { FRESH_SECONDS: '0', REVALIDATE_SECONDS: '60' },
    });
    await query(REVIEW, variables);
    // Given as it is, and read again in the background.
    await query(REVIEW, variables);
    const behind = await collector.until((spans) =>
      spans.find((span) => /background|prepaid/.test(String(span.attributes['gateway.payment']))),
    );
    expect(behind).toMatchObject({ name: 'partoo GET', kind: 'CLIENT', parentId: '', links: [] });
  });
});

describe('a notification', () => {
  test('is a span, and linked from the call that is made for it', async () => {
    const { query, named, sandbox, collector } = await startTraced();
    await query('{ smartInvite(smartInviteId: "invite-pending") { status } }');
    sandbox.cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status: 'accepted' } as never);
    const told = only(await named('webhook cronofy'));
    expect(told).toMatchObject({ kind: 'SERVER', parentId: '', attributes: { 'gateway.outcome': 'accepted' } });
    const reread = await collector.until((spans) =>
      spans.find(({ name, links }) => name === 'cronofy GET' && links.length > 0),
    );
    expect(reread).toMatchObject({ parentId: '', links: [{ traceId: told.traceId, spanId: told.spanId }] });
    expect(reread.traceId).not.toBe(told.traceId);
  });

  test('that is forged is a span, too', async () => {
    const { origin, named } = await startTraced();
    const response = await fetch(`${origin}/webhooks/cronofy`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
    expect(only(await named('webhook cronofy')).attributes).toEqual({ 'gateway.outcome': 'forged' });
  });
});

test('spans have the service, and nothing of the machine', async () => {
  const { query, named } = await startTraced();
  await query(REVIEW, variables);
  expect(only(await named('query')).resource).toEqual({
    'service.name': 'invitation-gateway',
    'service.instance.id': expect.stringMatching(/^[\da-f-]{36}$/),
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.version': expect.any(String),
  });
});

test('an operation whose caller has gone is a span, too', async () => {
  const { query, named, sandbox } = await startTraced();
  sandbox.partoo.misbehave({ mode: 'hang' });
  const leaving = new AbortController();
  const asked = query(REVIEW, variables, { signal: leaving.signal });
  await vi.waitUntil(() => sandbox.partoo.calls.length > 0);
  leaving.abort();
  await expect(asked).rejects.toThrow();
  expect(only(await named('query')).attributes).toMatchObject({ 'gateway.outcome': 'cancelled' });
  expect(only(await named('partoo GET'))).toMatchObject({
    status: 'UNSET',
    attributes: { 'gateway.outcome': 'cancelled' },
  });
});
