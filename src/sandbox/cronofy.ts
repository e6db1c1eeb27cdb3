// Cronofy imitated: creating, updating, cancelling and reading Smart Invites, as its documentation describes them
// (beta, November 2026). Control: `POST /_control/reply {"smart_invite_id", "email", "status", "comment", "proposal"}`
// makes a recipient reply, and the callback URL is told; an address that was not invited replies as one to which the
// invitation was forwarded. `POST /_control/replay {"times", "backwards"}` and `POST /_control/forge` send notifications again, or forged.

import type { SmartInviteWire } from '../providers/cronofy/wire.ts';
import { icalendarOf } from './cronofy-icalendar.ts';
import { createNotifier } from './cronofy-notifier.ts';
import { type CronofySeed, type ReplyWire, seededSmartInvites } from './cronofy-scenario.ts';
import {
  type Behaviour,
  type ImitationOptions,
  type ListedImitation,
  type Reply,
  startImitation,
} from './imitation.ts';
import type { Misbehaviour } from './misbehaviour.ts';

export const CRONOFY_CLIENT_SECRET = 'sandbox-cronofy-secret';

export interface CronofyImitation extends ListedImitation {
  /** Adds or replaces an invite. */
  put(invite: SmartInviteWire & { smart_invite_id: string }): void;
  /** Makes a recipient reply; the invite's callback URL is told. */
  reply(smartInviteId: string, reply: ReplyWire): boolean;
  /** Gives every invite that has no callback URL the gateway's. */
  notify(gatewayOrigin: string): void;
}

/** 50 calls a second and 500 a minute for one application. */
const QUOTA = [
  { limit: 50, windowMs: 1_000 },
  { limit: 500, windowMs: 60_000 },
];

const NOT_FOUND: Reply = { status: 404 };

/** @param seeds Default: the scenario's. */
export async function startCronofy(
  options: ImitationOptions = {},
  seeds: readonly CronofySeed[] = seededSmartInvites(),
): Promise<CronofyImitation> {
  const invites: Invite[] = seeds.map(({ invite, replies }) => ({
    wire: invite,
    method: 'request',
    due: [...replies],
  }));

  const notifier = createNotifier(CRONOFY_CLIENT_SECRET);

  function take(invite: Invite, answer: ReplyWire): void {
    invite.wire = withReply(invite.wire, answer);
    notifier.notify(invite.wire, answer);
  }

  // Replies of the scenario that have come due since the last call: its time begins when it is first read.
  function settle(invite: Invite): void {
    const { readAt = Number.POSITIVE_INFINITY } = invite;
    while (invite.due[0] !== undefined && Date.now() - readAt >= invite.due[0].afterMs) {
      const due = invite.due.shift();
      if (due !== undefined) take(invite, due.reply);
    }
  }

  function find(smartInviteId: unknown, email: string | null): Invite | undefined {
    const found = invites.find(
      ({ wire }) =>
        wire.smart_invite_id === smartInviteId &&
        (email === null || invitedTo(wire).some((one) => one.email === email)),
    );
    if (found !== undefined) settle(found);
    return found;
  }

  function put(wire: SmartInviteWire, method = 'request'): Invite {
    const existing = find(wire.smart_invite_id, wire.recipient?.email ?? null);
    const invite = existing ?? { wire, method, due: [] };
    if (existing === undefined) invites.push(invite);
    Object.assign(invite, { wire, method });
    return invite;
  }

  function reply(smartInviteId: string, answer: ReplyWire): boolean {
    const invite = find(smartInviteId, answer.email) ?? find(smartInviteId, null);
    if (invite === undefined) return false;
    invite.due = [];
    take(invite, answer);
    return true;
  }

  const clock = setInterval(() => invites.forEach(settle), 1_000).unref();

  const behaviour: Behaviour = {
    quota: QUOTA,
    notFound: NOT_FOUND,
    // Whether Cronofy sends Retry-After is not known, so callers must do without.
    overQuota: { status: 429 },
    authorize: (headers) => (headers.authorization === `Bearer ${CRONOFY_CLIENT_SECRET}` ? undefined : { status: 401 }),
    routes: {
      'GET /v1/smart_invites': ({ query }) => {
        const id = query.get('smart_invite_id');
        if (id === null || id === '')
          return invalid('smart_invite_id', 'errors.required', 'smart_invite_id is required');
        const invite = find(id, query.get('recipient_email'));
        if (invite === undefined) return NOT_FOUND;
        invite.readAt ??= Date.now();
        return { status: 200, body: query.get('include_ics') === 'true' ? withIcalendar(invite) : invite.wire };
      },
      'POST /v1/smart_invites': ({ json }) => {
        const asked = fieldsOf(json);
        const method = asked.method ?? 'request';
        if (method !== 'request' && method !== 'cancel')
          return invalid('method', 'errors.invalid', 'method is not known');
        if (method === 'cancel') {
          const existing = find(asked.smart_invite_id, emailOf(asked.recipient));
          if (existing === undefined) return NOT_FOUND;
          existing.method = 'cancel';
          return { status: 200, body: withIcalendar(existing) };
        }
        const fault = faultOf(asked);
        if (fault !== undefined) return fault;
        return { status: 200, body: withIcalendar(put(created(asked as unknown as Creation))) };
      },
    },
    control: {
      'POST /_control/reply': ({ json }) => {
        const { smart_invite_id, ...answer } = fieldsOf(json);
        if (typeof smart_invite_id !== 'string' || typeof answer.email !== 'string') return { status: 400 };
        return reply(smart_invite_id, { ...answer, email: answer.email }) ? { status: 204 } : NOT_FOUND;
      },
      'POST /_control/replay': async ({ json }) => {
        const { times, backwards } = fieldsOf(json);
        const taken = await notifier.replay(Number(times ?? 1), backwards === true);
        return { status: 200, body: { taken } };
      },
      'POST /_control/forge': async () => ({ status: 200, body: { status: await notifier.forge() } }),
    },
  };

  const imitation = await startImitation(behaviour, options);
  return {
    ...imitation,
    variables: { CRONOFY_CLIENT_SECRET, CRONOFY_BASE_URL: imitation.origin },
    put,
    reply,
    examples: {
      page: [{ smartInvite: BOARD_MEETING }, named('team-offsite')],
      live: ['team-lunch', 'invite-moving-3', 'invite-moving-6'].map(named),
      one: { smartInvite: BOARD_MEETING },
    },
    hints: [
      `Make somebody reply: curl ${imitation.origin}/_control/reply -d '${JSON.stringify(REPLY)}'`,
      `Have Cronofy throttle: curl ${imitation.origin}/_control/misbehave -d '${JSON.stringify(THROTTLED)}' (and -X DELETE ends it)`,
    ],
    readExample: `curl -H 'Authorization: Bearer ${CRONOFY_CLIENT_SECRET}' '${imitation.origin}/v1/smart_invites?smart_invite_id=board-meeting'`,
    notify(gatewayOrigin) {
      // A gateway that listens on every address is reached on this machine.
      const origin = gatewayOrigin.replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]');
      const callbackUrl = `${origin}/webhooks/cronofy`;
      for (const invite of invites)
        invite.wire = { ...invite.wire, callback_url: invite.wire.callback_url ?? callbackUrl };
    },
    async stop() {
      clearInterval(clock);
      await imitation.stop();
    },
  };
}

const BOARD_MEETING = { smartInviteId: 'board-meeting', recipientEmail: 'cronofy@example.com' };
/** What it is made to answer, to see how the gateway goes on. */
const THROTTLED: Misbehaviour = { status: 429, headers: { 'retry-after': '30' } };

const REPLY = { smart_invite_id: 'team-lunch', email: 'guest1@example.com', status: 'accepted' };

function named(smartInviteId: string): object {
  return { smartInvite: { smartInviteId } };
}

interface Invite {
  /** When it was first read. */
  readAt?: number;
  wire: SmartInviteWire;
  method: string;
  due: { afterMs: number; reply: ReplyWire }[];
}

interface Creation {
  readonly smart_invite_id: string;
  readonly recipient?: { readonly email: string };
  readonly recipients?: readonly { readonly email: string; readonly status?: string }[];
  readonly callback_url?: string;
  readonly event: SmartInviteWire['event'];
}

function created({ smart_invite_id, recipient, recipients, callback_url, event }: Creation): SmartInviteWire {
  const { tzid, start, end, ...rest } = event;
  const timed = (time: typeof start) => (typeof time === 'string' ? { time, tzid: tzid ?? 'Etc/UTC' } : time);
  return {
    ...(recipient === undefined ? {} : { recipient: { email: recipient.email, status: 'pending' } }),
    ...(recipients === undefined
      ? {}
      : { recipients: recipients.map(({ email, status = 'pending' }) => ({ email, status })) }),
    replies: [],
    smart_invite_id,
    ...(callback_url === undefined ? {} : { callback_url }),
    event: { ...rest, start: timed(start), end: timed(end) },
  };
}

function faultOf(asked: Record<string, unknown>): Reply | undefined {
  const { smart_invite_id, recipient, recipients } = asked;
  if (typeof smart_invite_id !== 'string')
    return invalid('smart_invite_id', 'errors.required', 'smart_invite_id is required');
  if (emailOf(recipient) === null && !Array.isArray(recipients)) {
    return invalid('recipient', 'errors.required', 'recipient is required');
  }
  const event = fieldsOf(asked.event);
  for (const name of ['start', 'end']) {
    const time = typeof event[name] === 'string' ? event[name] : fieldsOf(event[name]).time;
    if (typeof time !== 'string') return invalid(`event.${name}`, 'errors.required', `${name} is required`);
    if (/\d\.\d/.test(time)) return invalid(`event.${name}`, 'errors.invalid_time', `${name} must not have fractions`);
  }
  return undefined;
}

function withReply(wire: SmartInviteWire, answer: ReplyWire): SmartInviteWire {
  const update = (one: ReplyWire) => (one.email === answer.email ? answer : one);
  const others = (wire.replies ?? []).filter(({ email }) => email !== answer.email);
  return {
    ...wire,
    ...(wire.recipient ? { recipient: update(wire.recipient) } : {}),
    ...(wire.recipients ? { recipients: wire.recipients.map(update) } : {}),
    replies: [...others, answer],
  };
}

function withIcalendar({ wire, method }: Invite): SmartInviteWire {
  return { ...wire, attachments: { icalendar: icalendarOf(wire, method) } };
}

function invitedTo(wire: SmartInviteWire): readonly ReplyWire[] {
  return wire.recipients ?? (wire.recipient ? [wire.recipient] : []);
}

function invalid(field: string, key: string, description: string): Reply {
  return { status: 422, body: { errors: { [field]: [{ key, description }] } } };
}

function emailOf(recipient: unknown): string | null {
  const { email } = fieldsOf(recipient);
  return typeof email === 'string' ? email : null;
}

function fieldsOf(json: unknown): Record<string, unknown> {
  return typeof json === 'object' && json !== null ? { ...json } : {};
}
