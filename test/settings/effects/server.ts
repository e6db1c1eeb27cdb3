// The effects of the settings that say where the gateway listens, to whom it answers and what it says.

import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Environment } from '../../../src/settings.ts';
import { freePort } from '../../free-port.ts';
import { review, subscribeTo } from '../../live/subscriber.ts';
import { startGateway } from '../../process.ts';
import { apollo, fileOf } from '../../server/trusted-list.ts';
import { type Effects, GONE, SENT, start } from './effect.ts';

const reply = (path: string, init: RequestInit, see: (response: Response) => unknown) => async (env: Environment) =>
  see(await fetch(`${(await start(env)).origin}${path}`, init));

/** How the second of two subscriptions fares. */
async function secondStream(environment: Environment) {
  const { origin } = await start(environment);
  await subscribeTo(origin, [review('review-sent')]).first(1);
  const second = subscribeTo(origin, [review('review-sent')]);
  second.completed.catch(() => undefined);
  const [event] = await second.first(1);
  return event?.code ?? event?.invitation.__typename;
}

const preflight = {
  method: 'OPTIONS',
  headers: {
    origin: 'https://app.example.com',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'x-tenant',
  },
};

/** How the second of two operations fares. */
async function secondOperation(environment: Environment) {
  const { query } = await start(environment);
  await query(SENT);
  return (await query(SENT)).errors?.[0]?.extensions.code;
}

/** How the port for operators answers to that name. */
const statusByName = (host: string) => async (environment: Environment) => {
  const { adminOrigin } = await start(environment);
  // `fetch` writes the Host itself.
  const asking = request(`${adminOrigin}/metrics`, { headers: { host }, agent: false }).end();
  const [response] = await once(asking, 'response');
  response.resume();
  return response.statusCode;
};

/** Whether a page of that origin may open a WebSocket. */
const maySocket = (origin: string) => async (environment: Environment) => {
  const gateway = await start(environment);
  const socket = new WebSocket(`${gateway.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { origin });
  const isOpen = await new Promise((resolve) => {
    socket.on('open', () => resolve(true)).on('error', () => resolve(false));
  });
  socket.terminate();
  return isOpen;
};

/** Whether it still answers a moment after it was told to go. */
async function isServingAfterSignal(environment: Environment): Promise<boolean> {
  const { child, origin } = await startGateway(environment as Record<string, string>);
  child.kill('SIGTERM');
  await sleep(500);
  return fetch(`${origin}/health`).then(
    () => true,
    () => false,
  );
}

const TEXTS = ['{ providers { provider } }'];
const PORT = String(await freePort());
const ADMIN_PORT = String(await freePort());

export const SERVER_EFFECTS: Effects = {
  HOST: {
    value: '127.0.0.2',
    observe: async (environment) => new URL((await start(environment)).origin).hostname,
    without: '127.0.0.1',
    with: '127.0.0.2',
  },
  PORT: {
    value: PORT,
    observe: async (environment) => new URL((await start(environment)).origin).port === PORT,
    without: false,
    with: true,
  },
  ADMIN_PORT: {
    value: ADMIN_PORT,
    observe: async (environment) => (await start({ ADMIN_PORT: '', ...environment })).adminOrigin,
    without: '',
    with: `http://127.0.0.1:${ADMIN_PORT}`,
  },
  ADMIN_HOST: {
    value: '127.0.0.3',
    beside: { ADMIN_PORT: '0' },
    observe: async (environment) => new URL((await start(environment)).adminOrigin).hostname,
    without: '127.0.0.1',
    with: '127.0.0.3',
  },
  ADMIN_ALLOWED_HOSTS: {
    value: 'status.example.com',
    observe: statusByName('status.example.com'),
    without: 403,
    with: 200,
  },
  CORS_ORIGINS: {
    value: 'https://app.example.com',
    observe: reply('/graphql', preflight, ({ headers }) => headers.get('access-control-allow-origin')),
    without: null,
    with: 'https://app.example.com',
  },
  CORS_HEADERS: {
    value: 'x-tenant',
    beside: { CORS_ORIGINS: 'https://app.example.com' },
    observe: reply('/graphql', preflight, ({ headers }) =>
      headers.get('access-control-allow-headers')?.includes('x-tenant'),
    ),
    without: false,
    with: true,
  },
  FEDERATION: {
    value: 'on',
    observe: async (environment) => {
      const { data } = await (await start(environment)).query('{ _service { __typename } }');
      return data;
    },
    without: undefined,
    with: { _service: { __typename: '_Service' } },
  },
  GRAPHIQL: {
    value: 'off',
    observe: reply('/graphql', { headers: { accept: 'text/html' } }, ({ headers }) =>
      headers.get('content-type')?.includes('html'),
    ),
    without: true,
    with: false,
  },
  LOG_LEVEL: {
    value: 'silent',
    // A Redis that cannot be reached is logged.
    beside: GONE,
    observe: async (environment) => {
      const { child, ended, stdout } = await startGateway(environment as Record<string, string>);
      await sleep(300);
      child.kill('SIGTERM');
      await ended;
      return stdout().includes('"level"');
    },
    without: true,
    with: false,
  },
  SLOW_MS: {
    value: '1',
    // The provider takes longer than that.
    observe: async (environment) => {
      const gateway = await start(environment);
      gateway.sandbox.partoo.misbehave({ delayMs: 50 });
      await gateway.query(SENT);
      return JSON.parse(gateway.operations[0] ?? '').level;
    },
    without: 20,
    with: 30,
  },
  SANDBOX: {
    value: 'on',
    beside: { PARTOO_API_KEY: 'key' },
    observe: async (environment) =>
      /sandbox/i.test((await startGateway(environment as Record<string, string>)).stdout()),
    without: false,
    with: true,
  },
  CALLER_RATE: { value: '1/60s', observe: secondOperation, without: undefined, with: 'RATE_LIMITED' },
  MAX_STREAMS: { value: '1', observe: secondStream, without: 'ReviewInvitation', with: 'RATE_LIMITED' },
  MAX_STREAMS_PER_CALLER: { value: '1', observe: secondStream, without: 'ReviewInvitation', with: 'RATE_LIMITED' },
  PUBLIC_ORIGIN: {
    value: 'https://gateway.example.com',
    observe: maySocket('https://gateway.example.com'),
    without: false,
    with: true,
  },
  TRUSTED_PROXIES: {
    value: '127.0.0.1',
    observe: reply(
      '/graphql',
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': 'no address' },
        body: JSON.stringify({ query: SENT }),
      },
      ({ status }) => status,
    ),
    without: 200,
    with: 400,
  },
  DRAIN_SECONDS: { value: '30', observe: isServingAfterSignal, without: false, with: true },
  get TRUSTED_DOCUMENTS() {
    return {
      value: fileOf(apollo(TEXTS)),
      observe: async (environment: Environment) =>
        (await (await start(environment)).query(SENT)).errors?.[0]?.extensions.code,
      without: undefined,
      with: 'PERSISTED_QUERY_NOT_IN_LIST',
    };
  },
};
