// Calls that wait for a connection, or on one until they are paid for, against a real server on loopback.

import type { ServerResponse } from 'node:http';
import { beforeEach, describe, expect, test } from 'vitest';
import { ProviderUnavailable } from '../../src/invitation/problem.ts';
import type { Payer } from '../../src/upstream/attempt-plan.ts';
import { CallerGone, Cancellation } from '../../src/upstream/cancellation.ts';
import { get, good, useProvider } from './loopback-provider.ts';

const { provider, sockets, targets, transportWith, request, call } = useProvider();

describe('a call while all connections are busy', () => {
  const held: ServerResponse[] = [];
  const answerAll = async (count: number) => {
    for (let n = 0; n < count; n++) {
      while (held.length === 0) await new Promise(setImmediate);
      held.shift()?.end('{}');
    }
  };
  beforeEach(() => {
    held.length = 0;
    provider.behave = (response) => void held.push(response);
  });

  test('is made in its turn, on an existing connection', async () => {
    const transport = transportWith({ maxInFlight: 2 });
    const calls = [1, 2, 3, 4, 5].map((id) => call(transport, { query: { id: String(id) } }));
    expect(transport.waiting()).toHaveLength(3);
    while (held.length < 2) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(held).toHaveLength(2);
    await answerAll(5);
    await Promise.all(calls);
    expect(targets.slice(2)).toEqual(['GET /read?id=3', 'GET /read?id=4', 'GET /read?id=5']);
    expect(transport.waiting()).toHaveLength(0);
    expect(sockets).toHaveLength(2);
  });

  test('and given up in the line, is never made, and the calls behind it move up', async () => {
    const transport = transportWith({ maxInFlight: 1 });
    const cancellation = new Cancellation();
    const first = call(transport);
    const given = get(transport, request({ query: { id: 'given-up' } }), cancellation);
    const last = call(transport, { query: { id: 'last' } });
    const reason = new CallerGone();
    cancellation.cancel(reason);
    await expect(given).rejects.toBe(reason);
    await answerAll(2);
    await Promise.all([first, last]);
    expect(targets).toEqual(['GET /read?id=a%20b', 'GET /read?id=last']);
  });

  test('and fails, leaves its place to the next', async () => {
    const transport = transportWith({ maxInFlight: 1 });
    provider.behave = (response) => response.socket?.resetAndDestroy();
    const failing = call(transport);
    const next = call(transport);
    await expect(failing).rejects.toThrow(ProviderUnavailable);
    provider.behave = good;
    await next.catch(() => undefined);
    expect((await call(transport)).status).toBe(200);
  });
});

describe('a call that has to be paid for', () => {
  const later = (pay: Payer['pay']): Payer => ({ payNow: () => undefined, pay });

  test('pays when a connection is free, and keeps it where that takes no time', async () => {
    const transport = transportWith({ maxInFlight: 1 });
    const paid = later(() => Promise.resolve(performance.now()));
    const first = get(transport, request({ query: { id: 'first' } }), new Cancellation(), paid);
    const second = get(transport, request({ query: { id: 'second' } }), new Cancellation(), paid);
    await Promise.all([first, second]);
    expect([targets, sockets.length]).toEqual([['GET /read?id=first', 'GET /read?id=second'], 1]);
  });

  test('gives its connection to the next one where it waits for long', async () => {
    const transport = transportWith({ maxInFlight: 1 });
    const { promise: payment, resolve: admit } = Promise.withResolvers<number>();
    const waits = later(() => payment);
    const first = get(transport, request({ query: { id: 'first' } }), new Cancellation(), waits);
    await get(transport, request({ query: { id: 'second' } }), new Cancellation());
    admit(performance.now());
    await first;
    expect(targets).toEqual(['GET /read?id=second', 'GET /read?id=first']);
  });

  test('is not made when it is refused, and frees its place', async () => {
    const transport = transportWith({ maxInFlight: 1 });
    const refusal = new ProviderUnavailable('PARTOO');
    const refuses = later(() => Promise.reject(refusal));
    await expect(get(transport, request(), new Cancellation(), refuses)).rejects.toBe(refusal);
    await call(transport);
    expect(targets).toHaveLength(1);
  });

  test('and is given up meanwhile, is not made though it could be paid for, and its place is free', async () => {
    const transport = transportWith({ maxInFlight: 1 });
    const { promise: payment, resolve: admit } = Promise.withResolvers<number>();
    const cancellation = new Cancellation();
    const waits = later(() => payment);
    const pending = get(transport, request({ query: { id: 'given-up' } }), cancellation, waits);
    const reason = new CallerGone();
    cancellation.cancel(reason);
    await expect(pending).rejects.toBe(reason);
    admit(performance.now());
    await call(transport);
    expect(targets).toEqual(['GET /read?id=a%20b']);
  });
});
