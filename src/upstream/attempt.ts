// One attempt at one call: request in; status and bytes, or what the caller makes of them, out. It works with undici's
// dispatch handlers and not with its streams, because then one deadline bounds the whole attempt, a dripping or endless body
// is cut where it is counted, and no unread body can be left behind. Redirects are never followed: a credential in
// `x-APIKey` would travel along.

import type { Client, Dispatcher } from 'undici';
import { ProviderBadResponse, ProviderTimeout, ProviderUnavailable } from '../invitation/problem.ts';
import type { ProviderName } from '../invitation/provider.ts';
import type { Attempted } from './call.ts';
import type { CancelListener } from './cancellation.ts';
import type { Connections, Waiter } from './connections.ts';
import type { Deadline, Deadlines, Expiring } from './deadlines.ts';
import { targetOf, type UpstreamAnswer, type UpstreamRequest } from './request.ts';

/** Asked when a connection is free: nothing, where the call may be made at once, or what has to be waited for. */
export type Admit = () => Promise<void> | undefined;

/** What the attempts over one account's connections share. */
export interface AttemptRules {
  readonly connections: Connections;
  /** For the answer's headers, once the request is sent. */
  readonly headersDeadlines: Deadlines;
  /** For the rest of the answer, from then on. */
  readonly bodyDeadlines: Deadlines;
}

/** One GET, and what is made of its answer. */
export interface AttemptPlan<R extends UpstreamRequest, T> {
  readonly request: R;
  readonly read: (answer: UpstreamAnswer, request: R) => T;
  /** Told how the attempt ended, and cancels it. */
  readonly call: Attempted<T>;
  readonly admit?: Admit | undefined;
}

/** Collects one answer; whatever comes first (end, error, cap, deadline, cancellation) settles it, and the rest is ignored. */
export class Attempt<R extends UpstreamRequest, T>
  implements Dispatcher.DispatchHandler, Waiter, CancelListener, Expiring
{
  readonly #plan: AttemptPlan<R, T>;
  readonly #rules: AttemptRules;
  #client: Client | undefined;
  #isReused = false;
  #deadline: Deadline | undefined;
  #hasHeadersDeadline = false;
  #controller: Dispatcher.DispatchController | undefined;
  #failure: Error | undefined;
  #status = 0;
  #headers: UpstreamAnswer['headers'] = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(plan: AttemptPlan<R, T>, rules: AttemptRules) {
    this.#plan = plan;
    this.#rules = rules;
    plan.call.add(this);
  }

  get origin(): string {
    return this.#plan.request.origin;
  }

  cancelled(reason: Error): void {
    this.#fail(reason);
  }

  begin(client: Client, isReused: boolean): void {
    this.#client = client;
    this.#isReused = isReused;
    const admission = this.#plan.admit?.();
    if (admission === undefined) this.#send(client);
    else void this.#await(admission, client);
  }

  async #await(admission: Promise<void>, client: Client): Promise<void> {
    try {
      await admission;
    } catch (reason) {
      this.#fail(reason instanceof Error ? reason : new ProviderUnavailable(this.#plan.request.provider));
    }
    if (this.#failure === undefined) this.#send(client);
    else this.#release();
  }

  #send(client: Client): void {
    this.#hasHeadersDeadline = true;
    this.#deadline = this.#rules.headersDeadlines.set(this);
    const { request } = this.#plan;
    // undici takes the origin out of its URL at each call that does not name it.
    const { origin, headers } = request;
    client.dispatch({ origin, method: 'GET', path: targetOf(request), headers }, this);
  }

  /** A deadline has passed. */
  expired(): void {
    if (this.#hasHeadersDeadline && this.#status !== 0) {
      this.#hasHeadersDeadline = false;
      this.#deadline = this.#rules.bodyDeadlines.set(this);
    } else {
      this.#fail(new ProviderTimeout(this.#plan.request.provider));
    }
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
    if (this.#bytes > this.#plan.request.maxBytes) this.#fail(new ProviderBadResponse(this.#plan.request.provider));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#failure === undefined) {
      this.#settle();
      this.#succeed();
    }
    // The next attempt is to find the connection before undici takes it for idle; and after the answer was read, which may
    // be a 429 that closes the gate.
    this.#release();
  }

  #succeed(): void {
    const { read, request, call } = this.#plan;
    let result: T;
    try {
      result = read(this.#answer(), request);
    } catch (problem) {
      call.fail(problem);
      return;
    }
    call.succeed(result);
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
      this.#fail(problemOf(error, this.#plan.request.provider));
      // undici is not done with the connection yet.
      queueMicrotask(() => this.#release());
    }
  }

  // The server closed a connection that was kept alive just as it was used again: that is no failure of the server, so
  // that the call is made once more, on a new connection, without an error for the caller.
  #repeat(): void {
    this.#deadline?.clear();
    this.#controller = undefined;
    this.#isReused = false;
    if (this.#client === undefined) return;
    this.#client = this.#rules.connections.exchange(this.origin, this.#client);
    this.#send(this.#client);
  }

  #release(): void {
    if (this.#client !== undefined) this.#rules.connections.release(this.origin, this.#client);
  }

  #fail(reason: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#settle();
    this.#chunks = [];
    this.#plan.call.fail(reason);
    if (this.#client === undefined) this.#rules.connections.leave(this);
    else this.#controller?.abort(CANCELLED);
  }

  #settle(): void {
    this.#deadline?.clear();
    this.#plan.call.remove(this);
  }
}

// The error that undici gets when a call is cancelled; made once, because an error's stack costs more than the call.
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
