// The operations of one WebSocket: each is prepared as every request is, and has a caller of its own, who has gone when
// the operation is completed or its socket closes.

import { type ExecutionArgs, type FormattedExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { OperationResult, SubscribePayload } from 'graphql-ws';
import type { Caller, Viewer } from '../access/viewer.ts';
import type { MaybePromise } from '../operations/answer.ts';
import { type AnswerError, INTERNAL_ERROR, refusal } from '../operations/errors.ts';
import type { PreparedOperation } from '../operations/operation.ts';
import { CallerGone, Cancellation } from '../upstream/cancellation.ts';
import type { GraphQLService } from './graphql.ts';
import type { OperationRecord } from './operation-record.ts';
import { type Params, paramsOf } from './params.ts';
import { newRequestId } from './request-id.ts';
import type { BroughtTrace } from './trace-context.ts';

/** Most operations at once on one socket. */
const MAX_OPERATIONS = 100;

interface Begun extends Caller {
  readonly operation: PreparedOperation;
  readonly params: Params;
  readonly record: OperationRecord;
  readonly cancellation: Cancellation;
  /** Whether the client still wants it. */
  readonly isWanted: () => boolean;
}

const owners = new WeakMap<ExecutionArgs, SocketOperations>();

export class SocketOperations {
  readonly #graphql: GraphQLService;
  readonly #brought: BroughtTrace | undefined;
  readonly #onFault: (error: unknown) => void;
  #viewer: Viewer | undefined;
  readonly #begun = new Map<string, Begun>();
  readonly #running = new WeakMap<ExecutionArgs, Begun>();

  /** @param brought What the request that opened the socket has brought. */
  constructor(graphql: GraphQLService, brought: BroughtTrace | undefined, onFault: (error: unknown) => void) {
    this.#graphql = graphql;
    this.#brought = brought;
    this.#onFault = onFault;
  }

  /** Whose they are, which is known before any begins. */
  admitted(viewer: Viewer): void {
    this.#viewer = viewer;
  }

  static of(args: ExecutionArgs): SocketOperations {
    const owner = owners.get(args);
    if (owner === undefined) throw new TypeError('the operation was begun by nobody');
    return owner;
  }

  begin(id: string, payload: SubscribePayload, isWanted: () => boolean): ExecutionArgs | readonly GraphQLError[] {
    if (this.#begun.size >= MAX_OPERATIONS) {
      return [
        new Refusal(refusal(`A WebSocket has at most ${MAX_OPERATIONS} operations at once: complete some first.`)),
      ];
    }
    const viewer = this.#viewer;
    if (viewer === undefined) throw new TypeError('the client was not admitted');
    const record = this.#graphql.begin('websocket', viewer, newRequestId(), this.#brought);
    const params = paramsOf({ ...payload });
    if ('fault' in params) {
      record.refuse('BAD_USER_INPUT');
      return [new Refusal(refusal(params.fault))];
    }
    const operation = this.#graphql.prepare(params, record);
    if ('errors' in operation) return operation.errors.map((told) => new Refusal(told));
    const begun = { viewer, operation, params, record, cancellation: new Cancellation(), isWanted };
    const args = operation.args;
    this.#begun.set(id, begun);
    this.#running.set(args, begun);
    owners.set(args, this);
    return args;
  }

  execute(args: ExecutionArgs): OperationResult {
    const { operation, params, record, ...caller } = this.#of(args);
    return asResult(this.#graphql.run(operation, params, caller, record));
  }

  subscribe(args: ExecutionArgs): OperationResult {
    const { operation, params, record, ...caller } = this.#of(args);
    return asResult(this.#graphql.subscribe(operation, params, caller, record));
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

  /** The errors that are sent: refusals as they are, and a constant message for a fault between two events. */
  told(errors: readonly Error[]): readonly GraphQLFormattedError[] {
    return errors.map((error) => {
      if (error instanceof Refusal) return error.toJSON();
      this.#onFault(error instanceof GraphQLError ? error.originalError : error);
      return INTERNAL_ERROR;
    });
  }

  #of(args: ExecutionArgs): Begun {
    const begun = this.#running.get(args);
    if (begun === undefined) throw new TypeError('the operation was not begun');
    return begun;
  }
}

/** A refusal in the form that graphql-ws takes, and writes as it is. */
class Refusal extends GraphQLError {
  readonly #told: AnswerError;

  constructor(told: AnswerError) {
    super(told.message);
    this.#told = told;
  }

  override toJSON(): AnswerError {
    return this.#told;
  }
}

// graphql-ws declares results with graphql-js's errors, and only writes them.
function asResult<T>(answer: MaybePromise<T>): OperationResult {
  return answer as OperationResult;
}

export function asWritten(result: object): FormattedExecutionResult {
  return result as FormattedExecutionResult;
}
