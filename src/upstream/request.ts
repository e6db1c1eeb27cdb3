// One attempt at one call: request in, status and bytes out. The only file that knows undici. It works with undici's
// dispatch handlers and not with its streams, because then one timer bounds the whole attempt, a dripping or endless
// body is cut where it is counted, and no unread body can be left behind. Redirects are never followed: a credential
// in `x-APIKey` would travel along.

import { Client, type Dispatcher } from 'undici';
import type { ProviderName } from '../invitation/invitation.ts';
import { ProviderBadResponse, ProviderTimeout, ProviderUnavailable } from '../invitation/problem.ts';
import type { Cancellation } from './cancellation.ts';

export interface UpstreamRequest {
  readonly provider: ProviderName;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly path: string;
  /** Parameters, not yet encoded. */
  readonly query: Readonly<Record<string, string>>;
  /** Names and values in turn, as undici takes them fastest; made once an account. */
  readonly headers: string[];
  /** Most bytes of the body that are taken. */
  readonly maxBytes: number;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** What every call sends: a compressed body could be far larger than what is counted, so none is asked for. */
export const FIXED_HEADERS: readonly string[] = ['accept', 'application/json', 'accept-encoding', 'identity'];

export interface Transport {
  /**
   * One GET, on a connection of the origin's that is kept alive.
   * @throws ProviderTimeout after `attemptTimeoutMs`, ProviderUnavailable where the network fails, ProviderBadResponse
   * where the body passes `maxBytes`; the cancellation's reason where it is cancelled.
   */
  get(request: UpstreamRequest, cancellation: Cancellation): Promise<UpstreamAnswer>;
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly attemptTimeoutMs: number;
}

export function createTransport(options: TransportOptions): Transport {
  const clients = new Set<Client>();
  const idle = new Map<string, Client[]>();

  // One call a connection at a time, the one used last first: so that few stay warm and the others close by themselves.
  // There are never more than calls are let through at once. (undici's Pool does the same for a fifth more a call.)
  function connect(origin: string): Client {
    const client = new Client(origin, {
      pipelining: 1,
      connect: { timeout: options.connectTimeoutMs },
      // Each attempt has a timer of its own, that also bounds what undici's two do not: a drip.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 30_000,
    });
    clients.add(client);
    return client;
  }

  function idleOf(origin: string): Client[] {
    const list = idle.get(origin) ?? [];
    if (list.length === 0) idle.set(origin, list);
    return list;
  }

  return {
    get: (request, cancellation) =>
      new Promise((resolve, reject) => {
        const free = idleOf(request.origin);

        function send(client: Client, isReused: boolean): void {
          if (cancellation.reason !== undefined) {
            reject(cancellation.reason);
            return;
          }
          const attempt = new Attempt(request, cancellation, options, {
            resolve,
            reject,
            release: () => free.push(client),
            // The server closed a connection that was kept alive just as it was used again: that tells nothing of the
            // server, so that the call is made once more, on a new connection, and nobody notices.
            ...(isReused ? { repeat: () => send(connect(request.origin), false) } : {}),
          });
          client.dispatch({ method: 'GET', path: targetOf(request), headers: request.headers }, attempt);
        }

        const kept = free.pop();
        send(kept ?? connect(request.origin), kept !== undefined);
      }),
    async close() {
      await Promise.all([...clients].map((client) => client.destroy()));
    },
  };
}

/** Path and query: exactly the parameters given, every reserved character encoded, `+` and the space too. */
export function targetOf(request: Pick<UpstreamRequest, 'path' | 'query'>): string {
  const query = Object.entries(request.query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value.toWellFormed())}`)
    .join('&');
  return query === '' ? request.path : `${request.path}?${query}`;
}

interface Outcome {
  resolve(answer: UpstreamAnswer): void;
  reject(reason: Error): void;
  /** The connection is free again. */
  release(): void;
  /** Makes the call once more, where that is right when not a byte of an answer came. */
  repeat?(): void;
}

/** Collects one answer; whatever comes first (end, error, cap, timer, cancellation) settles it, and the rest is ignored. */
class Attempt implements Dispatcher.DispatchHandler {
  readonly #request: UpstreamRequest;
  readonly #cancellation: Cancellation;
  readonly #outcome: Outcome;
  #timer: NodeJS.Timeout;
  readonly #onCancel = (reason: Error) => this.#fail(reason);
  #controller: Dispatcher.DispatchController | undefined;
  #failure: Error | undefined;
  #status = 0;
  #headers: UpstreamAnswer['headers'] = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    request: UpstreamRequest,
    cancellation: Cancellation,
    { headersTimeoutMs, attemptTimeoutMs }: TransportOptions,
    outcome: Outcome,
  ) {
    this.#request = request;
    this.#cancellation = cancellation;
    this.#outcome = outcome;
    this.#timer = setTimeout(() => {
      if (this.#status === 0) return this.#timeOut();
      this.#timer = setTimeout(() => this.#timeOut(), attemptTimeoutMs - headersTimeoutMs);
    }, headersTimeoutMs);
    cancellation.add(this.#onCancel);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#failure !== undefined) controller.abort(CANCELLED);
    this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: UpstreamAnswer['headers']): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#request.maxBytes) this.#fail(new ProviderBadResponse(this.#request.provider));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#outcome.release();
    if (this.#failure !== undefined) return;
    this.#settle();
    const [first, ...more] = this.#chunks;
    const body = first !== undefined && more.length === 0 ? first : Buffer.concat(this.#chunks);
    this.#outcome.resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#outcome.release();
    if (this.#failure !== undefined) return;
    if (this.#status === 0 && this.#outcome.repeat !== undefined && isClosed(error)) {
      this.#settle();
      this.#outcome.repeat();
    } else {
      this.#fail(problemOf(error, this.#request.provider));
    }
  }

  #timeOut(): void {
    this.#fail(new ProviderTimeout(this.#request.provider));
  }

  #fail(reason: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#settle();
    this.#chunks = [];
    this.#outcome.reject(reason);
    this.#controller?.abort(CANCELLED);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#cancellation.remove(this.#onCancel);
  }
}

// What undici is told when we give a call up; made once, because an error's stack costs more than the call.
const CANCELLED = new Error('the gateway gave this call up');

/** Closed by the other side, in order; a connection that was reset tells of trouble. */
function isClosed(error: Error): boolean {
  return 'code' in error && error.code === 'UND_ERR_SOCKET';
}

// Only the kind of failure is kept: undici's messages name hosts and ports.
function problemOf(error: Error, provider: ProviderName): Error {
  const isTimeout = 'code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT';
  return isTimeout ? new ProviderTimeout(provider) : new ProviderUnavailable(provider);
}
