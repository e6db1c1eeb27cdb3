// One attempt at one call: request in; status and bytes, or what the caller makes of them, out. First there is a
// connection, then the call is paid for, then it is written: a provider counts a call when it arrives. It works with
// undici's dispatch handlers and not with its streams, because then one deadline bounds the whole attempt, a dripping or
// endless body is cut where it is counted, and no unread body can be left behind. Redirects are never followed: a
// credential in `x-APIKey` would travel along.

import type { Dispatcher } from 'undici';
import { ProviderBadResponse, ProviderTimeout, ProviderUnavailable } from '../invitation/problem.ts';
import type { AttemptPlan, AttemptRules } from './attempt-plan.ts';
import type { CancelListener } from './cancellation.ts';
import { type Connection, NotSent } from './connection.ts';
import type { Waiter } from './connections.ts';
import type { Deadline, Expiring } from './deadlines.ts';
import type { Payment } from './payment.ts';
import { targetOf, type UpstreamAnswer, type UpstreamRequest } from './request.ts';
import { isTimeout, troubleOfBreaking, troubleOfConnecting } from './troubles.ts';

/** A payment that is older when the request is written counts for another moment than the provider's, in milliseconds. */
const PAYMENT_TTL_MS = 20;
const USED_UP = Number.NEGATIVE_INFINITY;
/** For how long a call keeps its connection while it waits to be paid for, in milliseconds. */
const HOLD_MS = 50;

/** Collects one answer; whatever comes first (end, error, cap, deadline, cancellation) settles it, and the rest is ignored. */
export class Attempt<R extends UpstreamRequest, T>
  implements Dispatcher.DispatchHandler, Waiter, CancelListener, Expiring
{
  readonly #plan: AttemptPlan<R, T>;
  readonly #rules: AttemptRules;
  #connection: Connection | undefined;
  #isReused = false;
  #paidAt: number;
  #deadline: Deadline | undefined;
  #hasHeadersDeadline = false;
  #controller: Dispatcher.DispatchController | undefined;
  #failure: Error | undefined;
  #isAnswering = false;
  #status = 0;
  #headers: UpstreamAnswer['headers'] = NO_HEADERS;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(plan: AttemptPlan<R, T>, rules: AttemptRules) {
    this.#plan = plan;
    this.#rules = rules;
    this.#paidAt = plan.paidAt ?? USED_UP;
    plan.call.record?.wait('connection');
    plan.call.add(this);
  }

  get payment(): Payment | undefined {
    return this.#plan.payment;
  }

  cancelled(reason: Error): void {
    this.#fail(reason);
  }

  begin(connection: Connection, isReused: boolean): void {
    this.#connection = connection;
    this.#isReused = isReused;
    this.#plan.call.record?.goOn();
    // It may have been given up while the connection was made.
    if (this.#failure !== undefined) this.#release();
    else if (this.#isPaid()) this.#send(connection);
    else void this.#pay(connection);
  }

  notConnected(error: Error): void {
    this.#connection = undefined;
    if (this.#failure !== undefined) return;
    this.#rules.troubles.failed(troubleOfConnecting(error));
    this.#failWith(error);
  }

  /** Whether its payment is new enough, or could be made at once. */
  #isPaid(): boolean {
    const { payer, payment } = this.#plan;
    if (payer === undefined || payment === undefined) return true;
    const now = performance.now();
    if (now - this.#paidAt <= PAYMENT_TTL_MS) return true;
    const paidAt = payer.payNow(payment, this.#unusedAt());
    if (paidAt === undefined) return false;
    this.#paidAt = paidAt;
    return true;
  }

  /** When it was paid for, where nothing has been sent since. */
  #unusedAt(): number | undefined {
    return this.#paidAt === USED_UP ? undefined : this.#paidAt;
  }

  /** Waits until it is paid for. Where that takes long, others get the connection meanwhile. */
  async #pay(connection: Connection): Promise<void> {
    const { payer, payment, call } = this.#plan;
    if (payer === undefined || payment === undefined) return;
    const unusedAt = this.#unusedAt();
    // What has been paid for already waits for no other call.
    const holding = unusedAt === undefined ? setTimeout(() => this.#release(), HOLD_MS) : undefined;
    call.record?.wait('quota');
    try {
      this.#paidAt = await payer.pay(payment, call, unusedAt);
    } catch (reason) {
      this.#fail(reason instanceof Error ? reason : new ProviderUnavailable(this.#plan.request.provider));
    }
    clearTimeout(holding);
    if (this.#failure === undefined) call.record?.goOn();
    if (this.#failure !== undefined) {
      this.#release();
    } else if (this.#connection === undefined) {
      call.record?.wait('connection');
      this.#rules.connections.enter(this);
    } else if (connection.isOpen) this.#send(connection);
    else this.#beginAnew(connection);
  }

  #send({ client }: Connection): void {
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
      this.#rules.troubles.failed({ kind: 'time' });
      this.#fail(new ProviderTimeout(this.#plan.request.provider));
    }
  }

  /** The request is written when this returns. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#failure !== undefined) controller.abort(CANCELLED);
    // The process stood still meanwhile. There is no way back from here but by giving the connection up.
    else if (!this.#isPaid()) controller.abort(NOT_PAID);
    else {
      this.#controller = controller;
      this.#plan.call.record?.sent();
      this.#paidAt = USED_UP;
    }
  }

  onResponseStarted(): void {
    this.#isAnswering = true;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: UpstreamAnswer['headers']): void {
    // Hints that come before the answer are none.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    this.#plan.call.record?.answered(status);
    const { connection } = headers;
    if (connection !== undefined && connection !== 'keep-alive' && /close/i.test(`${connection}`)) {
      this.#connection?.retire();
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#plan.request.maxBytes) {
      this.#rules.troubles.failed({ kind: 'answer', detail: this.#status });
      this.#fail(new ProviderBadResponse(this.#plan.request.provider));
    } else if (this.#chunks.length === 0) {
      // Mostly there is one, and V8 makes room for many where a list without any grows.
      this.#chunks = [chunk];
    } else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#failure === undefined) {
      this.#settle();
      this.#succeed();
    }
    // The next attempt is to find the connection before undici takes it for idle; and after the answer was read, which may
    // close the gate for all calls.
    this.#release();
  }

  #succeed(): void {
    const { read, request, call } = this.#plan;
    let result: T;
    try {
      result = read(this.#answer(), request);
    } catch (problem) {
      this.#rules.troubles.answeredWith(problem, this.#status);
      call.fail(problem);
      return;
    }
    this.#rules.troubles.answered();
    call.succeed(result);
  }

  #answer(): UpstreamAnswer {
    const [first] = this.#chunks;
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    return { status: this.#status, headers: this.#headers, body };
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const connection = this.#connection;
    if (this.#failure === undefined && connection !== undefined && this.#mayGoOn(error)) {
      this.#beginAnew(connection);
      return;
    }
    if (this.#failure === undefined) {
      this.#rules.troubles.failed(troubleOfBreaking(error));
      this.#failWith(error);
    }
    // undici is not done with the connection yet.
    queueMicrotask(() => this.#release());
  }

  // Nothing was sent, or the server closed a connection that was kept alive just as it was used again. That tells nothing
  // of the server, so that the call is made on a new connection, and its caller does not notice. What was sent has cost a
  // call, and the call counts it.
  #mayGoOn(error: Error): boolean {
    if (error === NOT_PAID) return true;
    if (!this.#isReused || this.#isAnswering) return false;
    return error instanceof NotSent || (isClosed(error) && this.#plan.call.mayRepeat());
  }

  #beginAnew(connection: Connection): void {
    this.#deadline?.clear();
    this.#controller = undefined;
    this.#connection = undefined;
    this.#plan.call.record?.wait('connection');
    this.#rules.connections.exchange(this, connection);
  }

  #release(): void {
    if (this.#connection !== undefined) this.#rules.connections.release(this.#connection);
    this.#connection = undefined;
  }

  // Only the kind of failure is kept: undici's messages name hosts and ports.
  #failWith(error: Error): void {
    const { provider } = this.#plan.request;
    this.#fail(isTimeout(error) ? new ProviderTimeout(provider) : new ProviderUnavailable(provider));
  }

  #fail(reason: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#settle();
    this.#chunks = [];
    this.#plan.call.fail(reason);
    if (this.#connection === undefined) this.#rules.connections.leave(this);
    else this.#controller?.abort(CANCELLED);
  }

  #settle(): void {
    this.#deadline?.clear();
    this.#plan.call.remove(this);
  }
}

const NO_HEADERS: UpstreamAnswer['headers'] = {};

// What undici is told when a call is given up; made once, because an error's stack costs more than the call.
const CANCELLED = new Error('the gateway gave this call up');
const NOT_PAID = new Error('the payment for this call is too old');

/** Closed by the other side, in order; a connection that was reset tells of trouble. */
function isClosed(error: Error): boolean {
  return 'code' in error && error.code === 'UND_ERR_SOCKET';
}
