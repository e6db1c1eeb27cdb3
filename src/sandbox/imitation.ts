// A provider imitated over real HTTP on loopback: what the two imitations share. In the order of a real one: it looks
// at the credential, counts the quota, waits for its latency, answers; and it misbehaves on command. It imports nothing
// of the gateway: a fault of the gateway must not be repeated here.

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSpoiler, type Misbehaviour, sendSpoilt } from './misbehaviour.ts';
import { createQuota, type QuotaWindow } from './quota.ts';

export interface ImitationOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** How long an answer takes, in milliseconds. Default: 120, like theirs. */
  readonly latencyMs?: number;
  /** Default: the provider's own. An empty list lifts it. */
  readonly quota?: readonly QuotaWindow[];
}

export interface Call {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a text is sent as it is. */
  readonly body?: unknown;
}

export interface Asked {
  /** What stands in the path for the parts in braces. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The JSON of the body; undefined where there is none, or it is none. */
  readonly json: unknown;
}

export type Route = (asked: Asked) => Reply;

/** A control route may take its time. */
export type ControlRoute = (asked: Asked) => Reply | Promise<Reply>;

export interface Behaviour {
  /** The refusal, where the credential is missing or wrong. */
  authorize(headers: IncomingHttpHeaders): Reply | undefined;
  readonly quota: readonly QuotaWindow[];
  readonly overQuota: Reply;
  readonly notFound: Reply;
  /** By method and path, such as `GET /v1/things`; a part in braces takes any text, as in `GET /v1/things/{id}`. */
  readonly routes: Readonly<Record<string, Route>>;
  /** The same, but without credential, quota and latency. */
  readonly control: Readonly<Record<string, ControlRoute>>;
}

export interface Imitation {
  readonly origin: string;
  /** Every call that was not to a control route, oldest first. */
  readonly calls: readonly Call[];
  misbehave(misbehaviour: Misbehaviour | undefined): void;
  forgetCalls(): void;
  stop(): Promise<void>;
}

/** An imitation as the sandbox lists it: what a developer may try with it. */
export interface ListedImitation extends Imitation {
  /** What settings need to reach it: the variables that real accounts are set with. */
  readonly variables: Readonly<Record<string, string>>;
  /** What GraphiQL's tabs ask for. */
  readonly examples: Examples;
  /** Shell commands, each with what it does: for the gateway's banner. */
  readonly hints: readonly string[];
  /** A shell command that reads one invitation from it. */
  readonly readExample: string;
  /** Sends its notifications to a gateway, where the provider sends any. */
  notify?(gatewayOrigin: string): void;
}

/** Invitations that it is seeded with. */
export interface Examples {
  /** Each an `InvitationRef`: for a page, and for a stream. */
  readonly page: readonly object[];
  readonly live: readonly object[];
  /** By the field of Query that gives one invitation of its kind: the field's arguments. */
  readonly one: Readonly<Record<string, object>>;
  /** The global id of one. */
  readonly id?: string;
}

/** Most calls that are remembered. */
const MAX_CALLS = 100_000;

export async function startImitation(behaviour: Behaviour, options: ImitationOptions = {}): Promise<Imitation> {
  const { latencyMs = 120 } = options;
  const withinQuota = createQuota(options.quota ?? behaviour.quota);
  const spoiler = createSpoiler();
  const calls: Call[] = [];

  const routes = Object.entries(behaviour.routes).map(([name, route]) => ({ pattern: patternOf(name), route }));
  const control: Record<string, ControlRoute> = {
    ...behaviour.control,
    'POST /_control/misbehave': ({ json }) => {
      if (typeof json !== 'object' || json === null) return { status: 400 };
      spoiler.set(json as Misbehaviour);
      return { status: 204 };
    },
    'DELETE /_control/misbehave': () => {
      spoiler.set(undefined);
      return { status: 204 };
    },
    'GET /_control/calls': () => ({
      status: 200,
      body: calls.map(({ method, target, status }) => ({ method, target, status })),
    }),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: target = '/', headers } = request;
    const json = await readJson(request);
    const { pathname, searchParams: query } = new URL(target, 'http://sandbox');
    const name = `${method} ${pathname}`;

    const controlRoute = control[name];
    if (controlRoute !== undefined) return send(response, await controlRoute({ params: {}, query, headers, json }));

    const misbehaviour = spoiler.next(target);
    const found = routes.find(({ pattern }) => pattern.test(name));
    const params = decoded(found?.pattern.exec(name)?.groups);
    const truth =
      behaviour.authorize(headers) ??
      (withinQuota() ? undefined : behaviour.overQuota) ??
      found?.route({ params, query, headers, json }) ??
      behaviour.notFound;
    const reply = misbehaviour === undefined ? truth : spoil(truth, misbehaviour);
    if (calls.length >= MAX_CALLS) calls.shift();
    calls.push({ method, target, headers, status: reply.status });

    const delayMs = misbehaviour?.delayMs ?? latencyMs;
    if (delayMs > 0) await sleep(delayMs);
    if (misbehaviour?.mode === undefined) return send(response, reply);
    sendSpoilt(response, misbehaviour.mode, reply.status, headersOf(reply), textOf(reply));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    misbehave: spoiler.set,
    forgetCalls: () => void calls.splice(0),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function patternOf(route: string): RegExp {
  return new RegExp(`^${route.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
}

function decoded(groups: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]));
}

function spoil(truth: Reply, { status, headers, body }: Misbehaviour): Reply {
  return {
    status: status ?? truth.status,
    headers: { ...(status === undefined ? truth.headers : {}), ...headers },
    body: body ?? (status === undefined ? truth.body : ''),
  };
}

function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, headersOf(reply));
  response.end(textOf(reply));
}

function headersOf(reply: Reply): Record<string, string> {
  return {
    ...(reply.body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    ...reply.headers,
  };
}

function textOf({ body }: Reply): string {
  return body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = await request.toArray();
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}
