// POST and GET /graphql: bytes in, GraphQL over HTTP out. Both end in one `answer`; each kind of bad request is refused
// before anything of it is parsed further, and nothing of it is repeated. Who sends it is settled first.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admission } from '../access/admission.ts';
import { EXPIRED, type Refusal } from '../access/refusal.ts';
import type { Caller, Viewer } from '../access/viewer.ts';
import type { Answer, MaybePromise } from '../operations/answer.ts';
import { CallerGone, Cancellation } from '../upstream/cancellation.ts';
import { authorizationOf } from './authorization.ts';
import { BodyTooLarge, MAX_BODY_BYTES, readBody } from './body.ts';
import { type CallerIdOf, FORWARDED_FAULT } from './caller-id.ts';
import { hasExpired } from './expiry.ts';
import type { GraphQLService } from './graphql.ts';
import type { OperationRecord } from './operation-record.ts';
import { type Fault, type Params, paramsOfBody, paramsOfUrl } from './params.ts';
import { refuse, refuseEach, sendFault, sendRefusal } from './refusals.ts';
import type { Handler } from './reply.ts';
import { REQUEST_ID, requestIdOf } from './request-id.ts';
import { type MediaType, negotiate, refusedForSeconds, sendResult, takesEvents } from './result.ts';
import { sendEvents } from './sse.ts';
import type { BroughtBy } from './trace-context.ts';

export interface GraphQLHandlerOptions {
  readonly graphql: GraphQLService;
  readonly admission: Admission;
  readonly callerIdOf: CallerIdOf;
  readonly broughtBy: BroughtBy;
  /** Whether connections are not to be kept alive any more. */
  readonly isClosing: () => boolean;
  readonly onFault: (error: unknown) => void;
}

/** A request that may be an operation, and its answer. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Undefined where the caller takes events alone. */
  readonly mediaType: MediaType | undefined;
  readonly record: OperationRecord;
}

export function createGraphQLHandler(options: GraphQLHandlerOptions): Handler {
  const { graphql, admission, callerIdOf, broughtBy, isClosing, onFault } = options;

  function enter(admitted: Viewer | Refusal, request: IncomingMessage, response: ServerResponse): void {
    if ('reason' in admitted) sendRefusal(request, response, admitted);
    else if (request.method === 'POST') post(admitted, request, response);
    else answer(paramsOfUrl(request.url ?? ''), admitted, request, response);
  }

  function post(viewer: Viewer, request: IncomingMessage, response: ServerResponse) {
    const { 'content-type': contentType, 'content-encoding': encoding } = request.headers;
    if (!isJson(contentType)) {
      return refuse(request, response, 415, 'This endpoint takes JSON in UTF-8: send content-type: application/json.');
    }
    if (encoding !== undefined && encoding !== 'identity') {
      return refuse(request, response, 415, 'This endpoint takes no compressed bodies: send it as it is.');
    }
    readBody(request, MAX_BODY_BYTES, (error, body) => {
      if (error instanceof BodyTooLarge) {
        return refuse(
          request,
          response,
          413,
          `The request is larger than ${MAX_BODY_BYTES} bytes: ask for less at once.`,
        );
      }
      // The caller has gone.
      if (error !== null) return;
      answer(paramsOfBody(body), viewer, request, response);
    });
  }

  function answer(params: Params | Fault, viewer: Viewer, request: IncomingMessage, response: ServerResponse) {
    const mediaType = negotiate(request.headers.accept);
    const transport = mediaType === undefined ? 'sse' : request.method === 'POST' ? 'post' : 'get';
    const requestId = requestIdOf(request);
    const record = graphql.begin(transport, viewer, requestId, broughtBy(request));
    try {
      if ('fault' in params) {
        record.refuse(BAD_USER_INPUT);
        response.setHeader(REQUEST_ID, requestId);
        return refuseParams(params, request, response);
      }
      const sent = run(params, viewer, { request, response, mediaType, record });
      if (sent instanceof Promise) sent.catch((error: unknown) => fail(request, response, error, requestId));
    } catch (error) {
      record.fail();
      fail(request, response, error, requestId);
    }
  }

  function run(params: Params, viewer: Viewer, exchange: Exchange): MaybePromise<void> {
    const { request, response, record } = exchange;
    const operation = graphql.prepare(params, record);
    if ('errors' in operation) return send(exchange, operation);
    const caller = new HttpCaller(viewer, response);
    if (operation.isSubscription) {
      response.setHeader(REQUEST_ID, record.requestId);
      if (!takesEvents(request.headers.accept)) {
        record.refuse(BAD_USER_INPUT);
        return refuse(request, response, 406, NO_EVENTS_ACCEPTED);
      }
      record.transport = 'sse';
      // A token is good for some seconds more, but for one answer alone. Its key may have gone while the body arrived.
      if (hasExpired(viewer.expiresAt) || !viewer.isCurrent()) {
        record.refuse(EXPIRED.problem.code);
        return sendRefusal(request, response, EXPIRED);
      }
      return graphql
        .subscribe(operation, params, caller, record)
        .then((begun) =>
          Symbol.asyncIterator in begun
            ? sendEvents(response, begun, viewer.expiresAt)
            : send({ ...exchange, mediaType: undefined }, begun),
        );
    }
    const result = graphql.run(operation, params, caller, record);
    return result instanceof Promise ? result.then((given) => send(exchange, given)) : send(exchange, result);
  }

  /** Where the caller takes events alone the answer is one event, unless it says nothing but how long to wait. */
  function send({ response, mediaType, record: { requestId } }: Exchange, result: Answer): MaybePromise<void> {
    if (mediaType === undefined && refusedForSeconds(result) === undefined) {
      response.setHeader(REQUEST_ID, requestId);
      return sendEvents(response, once(result), Number.POSITIVE_INFINITY);
    }
    if (isClosing()) response.shouldKeepAlive = false;
    sendResult(response, mediaType ?? 'application/json', result, requestId);
  }

  function fail(request: IncomingMessage, response: ServerResponse, error: unknown, requestId?: string): void {
    onFault(error);
    if (response.headersSent) return void response.destroy();
    if (requestId !== undefined) response.setHeader(REQUEST_ID, requestId);
    sendFault(request, response);
  }

  return (request, response) => {
    if (request.method !== 'POST' && request.method !== 'GET') {
      response.setHeader('allow', 'GET, POST');
      return refuse(request, response, 405, 'This endpoint takes POST, and GET for queries.');
    }
    const { accept } = request.headers;
    if (negotiate(accept) === undefined && !takesEvents(accept)) return refuse(request, response, 406, NOT_ACCEPTED);
    const address = callerIdOf(request);
    if (address === undefined) return refuse(request, response, 400, FORWARDED_FAULT);
    const admitted = admission.admit(authorizationOf(request), address);
    if (admitted instanceof Promise) {
      return admitted
        .then((each) => enter(each, request, response))
        .catch((error: unknown) => fail(request, response, error));
    }
    enter(admitted, request, response);
  };
}

/** Most callers never need to be told that they have gone. */
class HttpCaller implements Caller {
  readonly viewer: Viewer;
  readonly #response: ServerResponse;
  #cancellation: Cancellation | undefined;

  constructor(viewer: Viewer, response: ServerResponse) {
    this.viewer = viewer;
    this.#response = response;
  }

  /** Cancelled when the connection closes before the answer was written. */
  get cancellation(): Cancellation {
    if (this.#cancellation !== undefined) return this.#cancellation;
    const cancellation = new Cancellation();
    this.#cancellation = cancellation;
    const response = this.#response;
    const leave = () => {
      if (!response.writableFinished) cancellation.cancel(new CallerGone());
    };
    if (response.destroyed) leave();
    // It closes once: `once` would take the listener away again, at a cost.
    else response.on('close', leave);
    return cancellation;
  }
}

async function* once(result: Answer): AsyncGenerator<Answer> {
  yield result;
}

function isJson(contentType: string | undefined): boolean {
  return contentType === 'application/json' || JSON_TYPE.test(contentType ?? '');
}

const JSON_TYPE = /^application\/(graphql\+)?json\s*(;\s*charset="?utf-?8"?\s*)?;?$/i;

const BAD_USER_INPUT = 'BAD_USER_INPUT';

const NO_EVENTS_ACCEPTED = 'A subscription answers with events: accept text/event-stream, or use a WebSocket.';

const NOT_ACCEPTED = 'This endpoint answers with JSON, or with events to a subscription: accept it.';

function refuseParams({ fault, operations }: Fault, request: IncomingMessage, response: ServerResponse): void {
  if (operations === undefined) refuse(request, response, 400, fault);
  else refuseEach(request, response, operations, fault);
}
