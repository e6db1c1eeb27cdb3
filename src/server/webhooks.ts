// POST /webhooks/{provider} and /webhooks/{provider}/{tenant}: a provider tells that something has changed. The bytes
// are read under a cap and handed over as they came; the answer goes out before anything is done.

import type { Notifications, Receipt } from '../live/notifications.ts';
import type { MaybePromise } from '../operations/answer.ts';
import { BodyTooLarge, bodyOf } from './body.ts';
import { type Handler, reply } from './reply.ts';

const MAX_BODY_BYTES = 64 * 1024;

const PATH = /^\/webhooks\/([a-z0-9_]+)(?:\/([a-z0-9-]{1,32}))?$/;

/** Takes one tenant's notifications. */
export interface NotificationTaker extends Pick<Notifications, 'accepts'> {
  receive(...notification: Parameters<Notifications['receive']>): MaybePromise<ReturnType<Notifications['receive']>>;
}

/**
 * @param takerOf By the tenant's name in the path; null where it names none.
 * @param onReceipt Told what became of each notification.
 */
export function createWebhookHandler(
  takerOf: (tenant: string | null) => NotificationTaker,
  onReceipt?: (provider: string, receipt: Receipt) => void,
): Handler {
  return async (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const [, name, tenant = null] = PATH.exec(path) ?? [];
    const provider = name?.toUpperCase();
    const taker = takerOf(tenant);
    if (provider === undefined || !taker.accepts(provider))
      return reply(response, 404, { error: 'No notifications are taken here.' });
    if (request.method !== 'POST') return reply(response, 405, { error: 'Notifications come by POST.' });
    let body: Buffer;
    try {
      body = await bodyOf(request, MAX_BODY_BYTES);
    } catch (error) {
      response.setHeader('connection', 'close');
      if (error instanceof BodyTooLarge) reply(response, 413, { error: 'The notification is too large.' });
      return;
    }
    const outcome = await taker.receive(provider, body, request.headers);
    onReceipt?.(provider, outcome);
    if (outcome === 'forged') return reply(response, 401, { error: 'The signature does not fit.' });
    if (outcome === 'busy') return reply(response, 503, { error: 'Too many notifications wait: send this one again.' });
    reply(response, 200, { status: 'taken' });
  };
}
