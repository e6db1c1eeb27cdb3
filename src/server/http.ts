// POST and GET /graphql: bytes in, GraphQL over HTTP out. Both end in one `answer`; each kind of bad request is refused
// before anything of it is parsed further, and nothing of it is repeated. Who sends it is settled first.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admission } from '../access/admission.ts';
import { EXPIRED, type Refusal } from '../access/refusal.ts';
import type { Caller, Viewer } from '../access/viewer.ts';
import type { Answer, MaybePromise } from '../operations/answer.ts';
import { INTERNAL_ERROR, refusal } from '../operations/errors.ts';
import { CallerGone, Cancellation } from '../upstream/cancellation.ts';
import { authorizationOf } from './authorization.ts';
import { BodyTooLarge, MAX_BODY_BYTES, readBody } from './body.ts';
import { type CallerIdOf, FORWARDED_FAULT } from './caller-id.ts';
import { hasExpired } from './expiry.ts';
import type { GraphQLService } from './graphql.ts';
import { type Fault, type Params, paramsOfBody, paramsOfUrl } from './params.ts';
import { sendRefusal } from './refusals.ts';
import { type Handler, reply } from './reply.ts';
import { type MediaType, negotiate, refusedForSeconds, sendResult, takesEvents } from './result.ts';
import { sendEvents } from './sse.ts';

export interface GraphQLHandlerOptions {
  readonly graphql: GraphQLService;
  readonly admission: Admission;
  readonly callerIdOf: CallerIdOf;
  /** Whether connections are not to be kept alive any more. */
  readonly isClosing: () => boolean;
  readonly onFault: (error: unknown) => void;
}

export function createGraphQLHandler(options: GraphQLHandlerOptions): Handler {
  const { graphql, admission, callerIdOf, isClosing, onFault } = options;

  function enter(admitted: Viewer | Refusal, request: IncomingMessage, response: ServerResponse): void {
    if ('reason' in admitted) sendRefusal(request, response, admitted);
    else if (request.method === 'POST') post(admitted, request, response);
    else answer(paramsOfUrl(request.url ?? ''), admitted, request, response);
  }

  function post(viewer: Viewer, request: IncomingMessage, response: ServerResponse) {
    const { 'content-type': contentType, 'content-encoding': encoding } = request.headers;
    if (!isJson(contentType)) {
      return refuse(response, 415, 'This endpoint takes JSON in UTF-8: send content-type: application/json.');
    }
    if (encoding !== undefined && encoding !== 'identity') {
      return refuse(response, 415, 'This endpoint takes no compressed bodies: send it as it is.');
    }
    readBody(request, MAX_BODY_BYTES, (error, body) => {
      if (error instanceof BodyTooLarge) {
        return refuse(response, 413, `The request is larger than ${MAX_BODY_BYTES} bytes: ask for less at once.`);
      }
      // The caller has gone.
      if (error !== null) return;
      answer(paramsOfBody(body), viewer, request, response);
    });
  }

  function answer(params: Params | Fault, viewer: Viewer, request: IncomingMessage, response: ServerResponse) {
    try {
      if ('fault' in params) return refuse(response, 400, params.fault);
      const sent = run(params, viewer, request, response);
      if (sent instanceof Promise) sent.catch((error: unknown) => fail(response, error));
    } catch (error) {
      fail(response, error);
    }
  }

  function run(params: Params, viewer: Viewer, request: IncomingMessage, response: ServerResponse): MaybePromise<void> {
    const { accept } = request.headers;
    const mediaType = negotiate(accept);
    const operation = graphql.prepare(params, viewer);
    if ('errors' in operation) return send(response, mediaType, operation);
    const caller = new HttpCaller(viewer, response);
    if (operation.isSubscription) {
      if (!takesEvents(accept)) return refuse(response, 406, NO_EVENTS_ACCEPTED);
      // A token is good for some seconds more, but for one answer alone. Its key may have gone while the body arrived.
      if (hasExpired(viewer.expiresAt) || !viewer.isCurrent()) return sendRefusal(request, response, EXPIRED);
      return graphql
        .subscribe(operation, params, caller)
        .then((begun) =>
          Symbol.asyncIterator in begun
            ? sendEvents(response, begun, viewer.expiresAt)
            : send(response, undefined, begun),
        );
    }
    const result = graphql.run(operation, params, caller);
    return result instanceof Promise
      ? result.then((given) => send(response, mediaType, given))
      : send(response, mediaType, result);
  }

  /** @param mediaType Undefined where the caller takes events alone: the answer is one event, unless it says nothing but how long to wait. */
  function send(response: ServerResponse, mediaType: MediaType | undefined, result: Answer): MaybePromise<void> {
    if (mediaType === undefined && refusedForSeconds(result) === undefined)
      return sendEvents(response, once(result), Number.POSITIVE_INFINITY);
    if (isClosing()) response.shouldKeepAlive = false;
    sendResult(response, mediaType ?? 'application/json', result);
  }

  function fail(response: ServerResponse, error: unknown): void {
    onFault(error);
    if (response.headersSent) response.destroy();
    else reply(response, 500, { errors: [INTERNAL_ERROR] }, { connection: 'close' });
  }

  return (request, response) => {
    if (request.method !== 'POST' && request.method !== 'GET') {
      response.setHeader('allow', 'GET, POST');
      return refuse(response, 405, 'This endpoint takes POST, and GET for queries.');
    }
    const { accept } = request.headers;
    if (negotiate(accept) === undefined && !takesEvents(accept)) return refuse(response, 406, NOT_ACCEPTED);
    const address = callerIdOf(request);
    if (address === undefined) return refuse(response, 400, FORWARDED_FAULT);
    const admitted = admission.admit(authorizationOf(request), address);
    if (admitted instanceof Promise) return admitted.then((each) => enter(each, request, response));
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
    else response.once('close', leave);
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

const NO_EVENTS_ACCEPTED = 'A subscription answers with events: accept text/event-stream, or use a WebSocket.';

const NOT_ACCEPTED = 'This endpoint answers with JSON, or with events to a subscription: accept it.';

/** Also where a part of the body was not read: the connection cannot be used again. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  reply(response, status, { errors: [refusal(message)] }, { connection: 'close' });
}
