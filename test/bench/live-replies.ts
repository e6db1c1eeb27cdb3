// Replies to Smart Invites, and the notifications of them, at an even pace; and how long each took to its last subscriber.

import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

export const SECRET = 'sandbox-cronofy-secret';
export const PER_SECOND = 50;

export interface Replying {
  /** The port of the provider that is replied to. */
  readonly cronofy: number;
  readonly invites: number;
}

/** Who was told what, and when the last of them was. */
export class Told {
  readonly #heard = new Map<string, { count: number; at: number }>();

  hear(smartInviteId: string, comment: string | null): void {
    const key = `${smartInviteId} ${comment}`;
    const heard = this.#heard.get(key) ?? { count: 0, at: 0 };
    heard.count += 1;
    // An event that confirms what was shown already is no news.
    if (heard.count <= this.expected) heard.at = performance.now();
    this.#heard.set(key, heard);
  }

  expected = Number.POSITIVE_INFINITY;

  of(smartInviteId: string, comment: string): { count: number; at: number } | undefined {
    return this.#heard.get(`${smartInviteId} ${comment}`);
  }
}

/** Replies that the provider's state holds too, and the notifications of them. */
export async function notify(
  port: number,
  seconds: number,
  told: Told,
  watchers: number,
  { cronofy, invites }: Replying,
) {
  told.expected = watchers;
  const webhook = new Pool(`http://127.0.0.1:${port}`, { connections: 16 });
  const control = new Pool(`http://127.0.0.1:${cronofy}`, { connections: 16 });
  const sent: { id: string; comment: string; at: number }[] = [];
  const answers: Promise<unknown>[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < seconds * PER_SECOND; n++) {
    await sleep(Math.max(0, startedAt + (n * 1_000) / PER_SECOND - performance.now()));
    const id = `invite-${(n * 7) % invites}`;
    // Never said before, by an earlier run either.
    const comment = `reply ${n} of ${startedAt}`;
    const recipient = { email: `${id}@example.com`, status: n % 2 ? 'accepted' : 'declined', comment };
    const body = JSON.stringify({
      notification: { type: 'smart_invite' },
      smart_invite: { smart_invite_id: id, recipient, reply: recipient },
    });
    await post(control, '/_control/reply', JSON.stringify({ smart_invite_id: id, ...recipient }));
    sent.push({ id, comment, at: performance.now() });
    answers.push(post(webhook, '/webhooks/cronofy', body, createHmac('sha256', SECRET).update(body).digest('base64')));
  }
  await Promise.all(answers);
  await sleep(2_000);
  await Promise.all([webhook.close(), control.close()]);
  const delays: number[] = [];
  let missed = 0;
  for (const { id, comment, at } of sent) {
    const heard = told.of(id, comment);
    if (heard === undefined || heard.count < watchers) missed += 1;
    // A read that was under way may show the reply before its notification is sent.
    else delays.push(Math.max(0, heard.at - at));
  }
  return { delays, missed };
}

async function post(pool: Pool, path: string, body: string, signature = ''): Promise<void> {
  const response = await pool.request({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', 'cronofy-hmac-sha256': signature },
    body,
  });
  await response.body.dump();
  if (response.statusCode > 299) throw new Error(`${path} answered ${response.statusCode}`);
}

export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}
