// The operations of one WebSocket: each is prepared as every request is, and has a caller of its own, who has gone when
// the operation is completed or its socket closes.

import type { ExecutionArgs, GraphQLError } from 'graphql';
import { GraphQLError as ResultError } from 'graphql';
import type { OperationResult, SubscribePayload } from 'graphql-ws';
import { BadUserInput } from '../invitation/problem.ts';
import type { PreparedOperation } from '../operations/operation.ts';
import { CallerGone, Cancellation } from '../upstream/cancellation.ts';
import type { Caller, GraphQLService } from './graphql.ts';
import { type Params, paramsOf } from './params.ts';

/** Most operations at once on one socket. */
const MAX_OPERATIONS = 100;

interface Begun extends Caller {
  readonly operation: PreparedOperation;
  readonly params: Params;
  readonly cancellation: Cancellation;
  /** Whether the client still wants it. */
  readonly isWanted: () => boolean;
}

const owners = new WeakMap<ExecutionArgs, SocketOperations>();

export class SocketOperations {
  readonly #graphql: GraphQLService;
  readonly #callerId: string;
  readonly #begun = new Map<string, Begun>();
  readonly #running = new WeakMap<ExecutionArgs, Begun>();

  constructor(graphql: GraphQLService, callerId: string) {
    this.#graphql = graphql;
    this.#callerId = callerId;
  }

  static of(args: ExecutionArgs): SocketOperations {
    const owner = owners.get(args);
    if (owner === undefined) throw new TypeError('the operation was begun by nobody');
    return owner;
  }

  begin(id: string, payload: SubscribePayload, isWanted: () => boolean): ExecutionArgs | readonly GraphQLError[] {
    if (this.#begun.size >= MAX_OPERATIONS) {
      return [refusal(`A WebSocket has at most ${MAX_OPERATIONS} operations at once: complete some first.`)];
    }
    const params = paramsOf({ ...payload });
    if ('fault' in params) return [refusal(params.fault)];
    const operation = this.#graphql.prepare(params);
    if ('errors' in operation) return operation.errors;
    const begun = { id: this.#callerId, operation, params, cancellation: new Cancellation(), isWanted };
    const args = operation.args;
    this.#begun.set(id, begun);
    this.#running.set(args, begun);
    owners.set(args, this);
    return args;
  }

  execute(args: ExecutionArgs): OperationResult {
    const { operation, params, ...caller } = this.#of(args);
    return this.#unlessLeft(caller, this.#graphql.run(operation, params, caller));
  }

  subscribe(args: ExecutionArgs): OperationResult {
    const { operation, params, ...caller } = this.#of(args);
    return this.#graphql.subscribe(operation, params, caller);
  }

  end(id: string): void {
    this.#begun.get(id)?.cancellation.cancel(new CallerGone());
    this.#begun.delete(id);
  }

  /** The client has completed some of them, perhaps: graphql-ws tells it of subscriptions alone. */
  endCompleted(): void {
    for (const [id, { isWanted }] of this.#begun) if (!isWanted()) this.end(id);
  }

  endAll(): void {
    for (const id of this.#begun.keys()) this.end(id);
  }

  #of(args: ExecutionArgs): Begun {
    const begun = this.#running.get(args);
    if (begun === undefined) throw new TypeError('the operation was not begun');
    return begun;
  }

  // An id may be used again as soon as it was completed: what comes of the first operation then must not be sent as the
  // second one's, which graphql-ws cannot tell apart.
  #unlessLeft({ cancellation }: Caller, result: OperationResult): OperationResult {
    if (!(result instanceof Promise)) return result;
    return result.then((given) => (cancellation.reason === undefined ? given : new Promise<never>(() => {})));
  }
}

function refusal(message: string): GraphQLError {
  const { code, retryable } = new BadUserInput(message);
  return new ResultError(message, { extensions: { code, retryable } });
}
