// One attempt at one call: request in; status and bytes, or what the caller makes of them, out. It works with undici's
// dispatch handlers and not with its streams, because then one timer bounds the whole attempt, a dripping or endless body
// is cut where it is counted, and no unread body can be left behind. Redirects are never followed: a credential in
// `x-APIKey` would travel along.

import type { Client, Dispatcher } from 'undici';
import type { ProviderName } from '../invitation/invitation.ts';
import { ProviderBadResponse, ProviderTimeout, ProviderUnavailable } from '../invitation/problem.ts';
import type { CancelListener, Cancellation } from './cancellation.ts';
import type { Connections, Waiter } from './connections.ts';
import { targetOf, type UpstreamAnswer, type UpstreamRequest } from './request.ts';

/** Asked when a connection is free: nothing, where the call may be made at once, or what has to be waited for. */
export type Admit = () => Promise<void> | undefined;

export interface AttemptTimeouts {
  readonly headersTimeoutMs: number;
  readonly attemptTimeoutMs: number;
}

/** Collects one answer; whatever comes first (end, error, cap, timer, cancellation) settles it, and the rest is ignored. */
export class Attempt<R extends UpstreamRequest, T> implements Dispatcher.DispatchHandler, Waiter, CancelListener {
  readonly #request: R;
  readonly #read: (answer: UpstreamAnswer, request: R) => T;
  readonly #cancellation: Cancellation;
  readonly #connections: Connections;
  readonly #timeouts: AttemptTimeouts;
  readonly #admit: Admit | undefined;
  readonly #resolve: (result: T) => void;
  readonly #reject: (reason: unknown) => void;
  #client: Client | undefined;
  #isReused = false;
  #timer: NodeJS.Timeout | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #failure: Error | undefined;
  #status = 0;
  #headers: UpstreamAnswer['headers'] = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    request: R,
    read: (answer: UpstreamAnswer, request: R) => T,
    cancellation: Cancellation,
    connections: Connections,
    timeouts: AttemptTimeouts,
    admit: Admit | undefined,
    resolve: (result: T) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#request = request;
    this.#read = read;
    this.#cancellation = cancellation;
    this.#connections = connections;
    this.#timeouts = timeouts;
    this.#admit = admit;
    this.#resolve = resolve;
    this.#reject = reject;
    cancellation.add(this);
  }

  get origin(): string {
    return this.#request.origin;
  }

  cancelled(reason: Error): void {
    this.#fail(reason);
  }

  begin(client: Client, isReused: boolean): void {
    this.#client = client;
    this.#isReused = isReused;
    const admission = this.#admit?.();
    if (admission === undefined) this.#send(client);
    else void this.#await(admission, client);
  }

  async #await(admission: Promise<void>, client: Client): Promise<void> {
    try {
      await admission;
    } catch (reason) {
      this.#fail(reason instanceof Error ? reason : new ProviderUnavailable(this.#request.provider));
    }
    if (this.#failure === undefined) this.#send(client);
    else this.#release();
  }

  #send(client: Client): void {
    const { headersTimeoutMs, attemptTimeoutMs } = this.#timeouts;
    this.#timer = setTimeout(() => {
      if (this.#status === 0) return this.#timeOut();
      this.#timer = setTimeout(() => this.#timeOut(), attemptTimeoutMs - headersTimeoutMs);
    }, headersTimeoutMs);
    const { origin, headers } = this.#request;
    // undici takes the origin out of its URL at each call that does not name it.
    client.dispatch({ origin, method: 'GET', path: targetOf(this.#request), headers }, this);
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
    if (this.#failure === undefined) {
      this.#settle();
      try {
        this.#resolve(this.#read(this.#answer(), this.#request));
      } catch (problem) {
        this.#reject(problem);
      }
    }
    // Whoever is next is to find the connection before undici takes it for idle; and after the answer was read, which may
    // say that nobody is to call for now.
    this.#release();
  }

  #answer(): UpstreamAnswer {
    const [first] = this.#chunks;
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    return { status: this.#status, headers: this.#headers, body };
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#failure === undefined && this.#status === 0 && this.#isReused && isClosed(error)) {
      this.#repeat();
    } else {
      this.#fail(problemOf(error, this.#request.provider));
      // undici is not done with the connection yet.
      queueMicrotask(() => this.#release());
    }
  }

  // The server closed a connection that was kept alive just as it was used again: that tells nothing of the server, so
  // that the call is made once more, on a new connection, and nobody notices.
  #repeat(): void {
    clearTimeout(this.#timer);
    this.#controller = undefined;
    this.#isReused = false;
    if (this.#client === undefined) return;
    this.#client = this.#connections.exchange(this.origin, this.#client);
    this.#send(this.#client);
  }

  #release(): void {
    if (this.#client !== undefined) this.#connections.release(this.origin, this.#client);
  }

  #timeOut(): void {
    this.#fail(new ProviderTimeout(this.#request.provider));
  }

  #fail(reason: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#settle();
    this.#chunks = [];
    this.#reject(reason);
    if (this.#client === undefined) this.#connections.leave(this);
    else this.#controller?.abort(CANCELLED);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#cancellation.remove(this);
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
