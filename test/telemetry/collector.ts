// A collector of traces on loopback: it takes what OTLP posts over HTTP, decodes the protobuf by the published numbers of
// its fields, and gives the spans. It can misbehave as real ones do.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import protobuf from 'protobufjs';
import { onTestFinished } from 'vitest';
import { expectPrivateLog } from '../private.ts';

type Value = string | number | boolean;

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
  readonly attributes: Readonly<Record<string, Value>>;
}

export interface SpanEvent {
  readonly name: string;
  /** Nanoseconds since 1970. */
  readonly at: bigint;
  readonly attributes: Readonly<Record<string, Value>>;
}

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty where it is a root. */
  readonly parentId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: string;
  readonly startedAt: bigint;
  readonly endedAt: bigint;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  readonly status: string;
  readonly statusMessage: string;
  /** Of what it came with. */
  readonly resource: Readonly<Record<string, Value>>;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface Collector {
  readonly origin: string;
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** All that is in each span, decoded. */
  readonly texts: readonly string[];
  /** Every byte that was posted, as text. */
  readonly posted: readonly string[];
  readonly requests: readonly { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  /** How requests are answered from now on. Default: taken. */
  answer: Answer;
  /** Waits until the spans are as wanted. */
  until<T>(find: (spans: readonly CollectedSpan[]) => T | undefined | false): Promise<T>;
  stop(): Promise<void>;
}

export const TAKEN: Answer = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
};

const root = protobuf.parse(readFileSync(new URL('otlp.proto', import.meta.url), 'utf8')).root;
const Request = root.lookupType('ExportTraceServiceRequest');
const Response = root.lookupType('ExportTraceServiceResponse');

/** Takes what it gets but for so many spans, and says why. */
export function rejecting(rejectedSpans: number, errorMessage: string): Answer {
  const body = Response.encode(Response.fromObject({ partialSuccess: { rejectedSpans, errorMessage } })).finish();
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(body);
  };
}

/** Stops when the test is over; nothing that it was sent may be private. */
export async function startCollector(answer = TAKEN): Promise<Collector> {
  const collector = await listenAsCollector(answer);
  onTestFinished(async () => {
    await collector.stop();
    // As decoded: among the random bytes of ids, anything may stand by chance.
    expectPrivateLog(collector.texts, []);
  });
  return collector;
}

export async function listenAsCollector(answer = TAKEN): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const posted: string[] = [];
  const requests: { url: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      requests.push({ url: request.url ?? '', headers: request.headers });
      posted.push(body.toString('latin1'));
      spans.push(...spansIn(body));
      collector.answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const collector: Collector = {
    origin,
    url: `${origin}/v1/traces`,
    spans,
    get texts() {
      return spans.map(textOf);
    },
    posted,
    requests,
    answer,
    async until(find) {
      while (true) {
        const found = find(spans);
        if (found) return found;
        await sleep(10);
      }
    },
    async stop() {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return collector;
}

function textOf(span: CollectedSpan): string {
  return JSON.stringify(span, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

interface Wire {
  readonly [field: string]: unknown;
}

/** The spans of one request. */
export function spansIn(body: Uint8Array): CollectedSpan[] {
  const message = Request.toObject(Request.decode(body), {
    longs: String,
    enums: String,
    arrays: true,
    objects: true,
  });
  return listOf(message.resourceSpans).flatMap(({ resource, scopeSpans }) =>
    listOf(scopeSpans).flatMap(({ spans }) =>
      listOf(spans).map((span) => spanOf(span, attributesOf((resource as Wire).attributes))),
    ),
  );
}

function spanOf(span: Wire, resource: CollectedSpan['resource']): CollectedSpan {
  const { code, message } = (span.status ?? {}) as Wire;
  return {
    traceId: hexOf(span.traceId),
    spanId: hexOf(span.spanId),
    parentId: hexOf(span.parentSpanId),
    traceState: String(span.traceState ?? ''),
    flags: Number(span.flags),
    name: String(span.name ?? ''),
    kind: String(span.kind).replace('SPAN_KIND_', ''),
    startedAt: BigInt(String(span.startTimeUnixNano ?? 0)),
    endedAt: BigInt(String(span.endTimeUnixNano ?? 0)),
    attributes: attributesOf(span.attributes),
    events: listOf(span.events).map((event) => ({
      name: String(event.name ?? ''),
      at: BigInt(String(event.timeUnixNano ?? 0)),
      attributes: attributesOf(event.attributes),
    })),
    links: listOf(span.links).map((link) => ({
      traceId: hexOf(link.traceId),
      spanId: hexOf(link.spanId),
      flags: Number(link.flags),
      attributes: attributesOf(link.attributes),
    })),
    status: String(code ?? 'STATUS_CODE_UNSET').replace('STATUS_CODE_', ''),
    statusMessage: String(message ?? ''),
    resource,
  };
}

function attributesOf(list: unknown): Record<string, Value> {
  return Object.fromEntries(
    listOf(list).map(({ key, value }) => {
      const [[type = '', plain] = []] = Object.entries(value as Wire);
      return [String(key ?? ''), type === 'intValue' ? Number(plain) : (plain as Value)];
    }),
  );
}

function listOf(value: unknown): readonly Wire[] {
  return (value ?? []) as readonly Wire[];
}

function hexOf(bytes: unknown): string {
  return Buffer.from((bytes ?? []) as Uint8Array).toString('hex');
}
