// Every way into the gateway for one operation, each with what the caller shows in the place that it has for it.

import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';

export interface Outcome {
  /** Of the HTTP answer; of a WebSocket that was closed, its code. */
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** What came first: the answer, or the reason of a close. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever its operation asked for
  readonly body: any;
}

export interface Door {
  readonly name: string;
  readonly isWebSocket: boolean;
  /** @param more Further headers, as a proxy adds them. */
  readonly ask: (
    origin: string,
    authorization: string | undefined,
    payload: object,
    more?: Readonly<Record<string, string>>,
  ) => Promise<Outcome>;
}

const JSON_BODY = 'application/json';
const RESPONSE = 'application/graphql-response+json';
const EVENTS = 'text/event-stream';

function http(method: 'GET' | 'POST', accept: string): Door['ask'] {
  return async (origin, authorization, payload, more) => {
    const parameters = Object.entries(payload).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    const search = method === 'GET' ? `?${new URLSearchParams(parameters)}` : '';
    const sent = httpRequest(`${origin}/graphql${search}`, {
      method,
      agent: false,
      headers: {
        accept,
        ...(method === 'POST' ? { 'content-type': JSON_BODY } : {}),
        ...(authorization === undefined ? {} : { authorization }),
        ...more,
      },
    });
    sent.end(method === 'POST' ? JSON.stringify(payload) : undefined);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const { statusCode = 0, headers } = response;
    if (!headers['content-type']?.startsWith(EVENTS)) {
      return { status: statusCode, headers, body: JSON.parse(await text(response)) };
    }
    return { status: statusCode, headers, body: await firstEvent(response) };
  };
}

/** The data of the first event; the caller leaves then. */
async function firstEvent(response: IncomingMessage): Promise<unknown> {
  let received = '';
  for await (const chunk of response) {
    received += chunk;
    const data = /^event: next\ndata: (.*)\n\n/m.exec(received)?.[1];
    if (data !== undefined) return JSON.parse(data);
  }
  return received;
}

function webSocket(showsIn: 'init' | 'header'): Door['ask'] {
  return async (origin, authorization, payload, more) => {
    const headers = { ...(showsIn === 'header' && authorization !== undefined ? { authorization } : {}), ...more };
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
    onTestFinished(() => socket.terminate());
    const outcome = new Promise<Outcome>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', (code, reason) => resolve({ status: code, headers: {}, body: String(reason) }));
      socket.on('message', (data) => {
        const { type, payload: told } = JSON.parse(String(data));
        if (type === 'connection_ack') socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
        if (type === 'next') resolve({ status: 200, headers: {}, body: told });
        if (type === 'error') resolve({ status: 200, headers: {}, body: { errors: told } });
      });
    });
    await once(socket, 'open');
    const shown = showsIn === 'init' && authorization !== undefined ? { payload: { authorization } } : {};
    socket.send(JSON.stringify({ type: 'connection_init', ...shown }));
    return outcome;
  };
}

export const POST: Door = { name: 'POST', isWebSocket: false, ask: http('POST', JSON_BODY) };

export const DOORS: readonly Door[] = [
  POST,
  { name: 'POST for graphql-response+json', isWebSocket: false, ask: http('POST', RESPONSE) },
  { name: 'POST for events', isWebSocket: false, ask: http('POST', EVENTS) },
  { name: 'GET', isWebSocket: false, ask: http('GET', JSON_BODY) },
  { name: 'GET for graphql-response+json', isWebSocket: false, ask: http('GET', RESPONSE) },
  { name: 'GET for events', isWebSocket: false, ask: http('GET', EVENTS) },
  { name: 'a WebSocket, shown in connection_init', isWebSocket: true, ask: webSocket('init') },
  { name: 'a WebSocket, shown in the header of its upgrade', isWebSocket: true, ask: webSocket('header') },
];
