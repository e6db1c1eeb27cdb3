// Cronofy's notifications imitated: signed, sent to the invite's callback URL (on this machine only), and sent again
// until they are accepted. On command it also sends forged ones.

import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SmartInviteWire } from '../providers/cronofy/wire.ts';
import type { ReplyWire } from './cronofy-scenario.ts';

export interface Notifier {
  /** Tells the callback URL of an invite that a recipient has replied. */
  notify(invite: SmartInviteWire, reply: ReplyWire): void;
  /** Sends everything sent so far again, `times` times, in the order given or backwards. @returns how many were taken. */
  replay(times: number, backwards: boolean): Promise<number>;
  /** Sends the last one again with a signature that does not fit. @returns the status it got. */
  forge(): Promise<number | undefined>;
}

const RETRIES = 5;
const RETRY_MS = 500;

interface Sent {
  readonly url: string;
  readonly body: string;
}

export function createNotifier(secret: string): Notifier {
  const sent: Sent[] = [];

  async function post({ url, body }: Sent, signature: string): Promise<number> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'cronofy-hmac-sha256': signature },
      body,
    });
    await response.arrayBuffer();
    return response.status;
  }

  const sign = (body: string) => createHmac('sha256', secret).update(body).digest('base64');

  async function deliver(one: Sent): Promise<boolean> {
    for (let attempt = 0; attempt < RETRIES; attempt++) {
      const status = await post(one, sign(one.body)).catch(() => 0);
      if (status >= 200 && status < 300) return true;
      await sleep(RETRY_MS * 2 ** attempt, undefined, { ref: false });
    }
    return false;
  }

  return {
    notify({ smart_invite_id, callback_url, recipient }, reply) {
      if (!callback_url || !isLoopback(callback_url)) return;
      const smart_invite = { smart_invite_id, callback_url, recipient, reply };
      const one = { url: callback_url, body: JSON.stringify({ notification: { type: 'smart_invite' }, smart_invite }) };
      sent.push(one);
      if (sent.length > 10_000) sent.shift();
      void deliver(one);
    },
    async replay(times, backwards) {
      const order = backwards ? sent.toReversed() : [...sent];
      let taken = 0;
      for (let n = 0; n < times; n++) for (const one of order) if (await deliver(one)) taken += 1;
      return taken;
    },
    async forge() {
      const last = sent.at(-1);
      return last && (await post(last, createHmac('sha256', 'not the secret').update(last.body).digest('base64')));
    },
  };
}

function isLoopback(url: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(URL.parse(url)?.hostname ?? '');
}
