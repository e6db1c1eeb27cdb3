// POST /webhooks/{provider} and /webhooks/{provider}/{tenant}: a provider tells that something has changed. The bytes
// are read under a cap and handed over as they came; the answer goes out before anything is done.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Notifications, RECEIPTS, type Receipt } from '../live/notifications.ts';
import type { MaybePromise } from '../operations/answer.ts';
import type { Span } from '../upstream/span.ts';
import { BodyTooLarge, bodyOf } from './body.ts';
import { type Handler, reply } from './reply.ts';

const MAX_BODY_BYTES = 64 * 1024;

const PATH = /^\/webhooks\/([a-z0-9_]+)(?:\/([a-z0-9-]{1,32}))?$/;

/** Takes one tenant's notifications. */
export interface NotificationTaker extends Pick<Notifications, 'accepts'> {
  receive(...notification: Parameters<Notifications['receive']>): MaybePromise<ReturnType<Notifications['receive']>>;
}

export interface NotificationListener {
  /** Begins the span of a request, where it is traced. */
  readonly begin?: (name: string, request: IncomingMessage) => Span | undefined;
  /** Told what became of such a request. */
  readonly end?: ((span: Span, outcome: string) => void) | undefined;
  /** Told what became of each notification. */
  readonly notified?: ((provider: string, receipt: Receipt) => void) | undefined;
}

/**
 * @param takerOf By the tenant's name in the path; null where it names none.
 * @param listener Hears of notifications.
 */
export function createWebhookHandler(
  takerOf: (tenant: string | null) => NotificationTaker,
  listener: NotificationListener = {},
): Handler {
  return async (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const [, name, tenant = null] = PATH.exec(path) ?? [];
    const provider = name?.toUpperCase();
    const taker = takerOf(tenant);
    if (provider === undefined || !taker.accepts(provider))
      return reply(response, 404, { error: 'No notifications are taken here.' });
    if (request.method !== 'POST') return reply(response, 405, { error: 'Notifications come by POST.' });
    const span = listener.begin?.(`webhook ${name}`, request);
    let outcome: Outcome = 'failed';
    try {
      outcome = await outcomeOf(request, (body) => taker.receive(provider, body, request.headers, span));
      if (isReceipt(outcome)) listener.notified?.(provider, outcome);
      answer(response, outcome);
    } finally {
      if (span !== undefined) listener.end?.(span, outcome);
    }
  };
}

type Outcome = Receipt | 'too_large' | 'cancelled' | 'failed';

function isReceipt(outcome: Outcome): outcome is Receipt {
  return RECEIPTS.some((receipt) => receipt === outcome);
}

async function outcomeOf(request: IncomingMessage, receive: (body: Buffer) => MaybePromise<Outcome>): Promise<Outcome> {
  let body: Buffer;
  try {
    body = await bodyOf(request, MAX_BODY_BYTES);
  } catch (error) {
    return error instanceof BodyTooLarge ? 'too_large' : 'cancelled';
  }
  return receive(body);
}

function answer(response: ServerResponse, outcome: Outcome): void {
  if (outcome === 'accepted' || outcome === 'ignored') reply(response, 200, { status: 'taken' });
  else if (outcome === 'forged') reply(response, 401, { error: 'The signature does not fit.' });
  else if (outcome === 'busy') reply(response, 503, { error: 'Too many notifications wait: send this one again.' });
  else {
    response.setHeader('connection', 'close');
    if (outcome === 'too_large') reply(response, 413, { error: 'The notification is too large.' });
  }
}
