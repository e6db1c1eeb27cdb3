// The Smart Invites that the sandbox is seeded with: some of every status and shape, and some that are replied to as time
// passes after they were first read, as real ones are: most soon, some late, some never.

import type { SmartInviteWire } from '../providers/cronofy/wire.ts';

const SECONDS = 1_000;
const DAYS = 86_400 * SECONDS;

/** When each that moves is replied to, in seconds; the last one never is. */
const REPLIES_AFTER: readonly (readonly number[])[] = [[8, 20], [12, 35], [20, 50], [45, 120], [300, 1_200], []];

/** What a recipient has answered. */
export type ReplyWire = NonNullable<SmartInviteWire['recipient']>;

export interface CronofySeed {
  readonly invite: SmartInviteWire;
  readonly replies: readonly { readonly afterMs: number; readonly reply: ReplyWire }[];
}

/** @param now Events are laid around it, so that some are over and most are to come. */
export function seededSmartInvites(now = Date.now()): CronofySeed[] {
  const inDays = (days: number, hour: number) =>
    `${new Date(now + days * DAYS).toISOString().slice(0, 10)}T${String(hour).padStart(2, '0')}:00:00Z`;
  const dayIn = (days: number) => inDays(days, 0).slice(0, 10);
  const at = (days: number, hour: number, tzid = 'Europe/Paris') => ({ time: inDays(days, hour), tzid });

  function invite(
    id: string,
    status: string,
    more: Partial<SmartInviteWire> = {},
    replies: CronofySeed['replies'] = [],
  ): CronofySeed {
    const summary = id.replaceAll('-', ' ');
    return {
      invite: {
        recipient: { email: `${id}@example.com`, status },
        replies: status === 'pending' ? [] : [{ email: `${id}@example.com`, status }],
        smart_invite_id: id,
        callback_url: null,
        event: { summary, description: null, start: at(7, 9), end: at(7, 10), location: { description: 'Room 2' } },
        ...more,
      },
      replies,
    };
  }

  const proposal = { start: at(8, 14), end: at(8, 15) };
  const event = (start: unknown, end: unknown) => ({ summary: 'Team day', start, end }) as SmartInviteWire['event'];

  return [
    boardMeeting(),
    ...['pending', 'accepted', 'tentative', 'declined'].map((status) => invite(`invite-${status}`, status)),
    ...REPLIES_AFTER.map((seconds, index) => {
      const id = `invite-moving-${index + 1}`;
      const email = `${id}@example.com`;
      const last = index % 2 ? ({ email, status: 'declined', proposal } as const) : { email, status: 'accepted' };
      const replies = [{ email, status: 'tentative', comment: 'Let me see.' }, last];
      return invite(
        id,
        'pending',
        {},
        seconds.map((after, n) => ({ afterMs: after * SECONDS, reply: replies[n] ?? last })),
      );
    }),
    invite('invite-proposal', 'declined', {
      recipient: { email: 'invite-proposal@example.com', status: 'declined', comment: 'Too early.', proposal },
    }),
    invite('invite-forwarded', 'pending', { replies: [{ email: 'colleague@example.net', status: 'accepted' }] }),
    invite('invite-ended', 'accepted', { event: event(at(-7, 9), at(-7, 10)) }),
    invite('invite-all-day', 'pending', {
      event: event({ time: dayIn(14), tzid: 'Europe/Paris' }, { time: dayIn(15) }),
    }),
    invite('invite-flat-times', 'pending', {
      event: { summary: 'Older answer', start: inDays(9, 9), end: inDays(9, 10), tzid: 'America/Chicago' },
    }),
    invite('invite-unknown-status', 'needs-action'),
    several('team-offsite', event(at(21, 8), at(22, 16)), ['accepted', 'tentative', 'declined']),
    several('team-lunch', event(at(3, 11), at(3, 12)), ['pending', 'accepted']),
  ];
}

// Several recipients: no `recipient`, and no `replies` either, as the official clients have seen it.
function several(id: string, event: SmartInviteWire['event'], statuses: readonly string[]): CronofySeed {
  const recipients = statuses.map((status, n) => ({ email: `guest${n + 1}@example.com`, status }));
  return { invite: { recipients, smart_invite_id: id, event }, replies: [] };
}

// The documentation's own example, moved to where the tabs of GraphiQL can name it.
function boardMeeting(): CronofySeed {
  const time = { time: '2026-05-02T23:00:00+02:00', tzid: 'Europe/Paris' };
  const proposal = { start: time, end: time };
  return {
    invite: {
      recipient: { email: 'cronofy@example.com', status: 'declined', comment: 'example comment', proposal },
      replies: [
        { email: 'person1@example.com', status: 'accepted' },
        { email: 'person2@example.com', status: 'declined', comment: 'example comment', proposal },
      ],
      smart_invite_id: 'board-meeting',
      callback_url: 'https://yourapp.example.com/cronofy/smart_invite/notifications',
      event: {
        summary: 'Board meeting',
        description: 'Discuss plans for the next quarter.',
        start: { time: '2026-05-04T09:30:00Z', tzid: 'Europe/London' },
        end: { time: '2026-05-04T10:00:00Z', tzid: 'Europe/London' },
        location: { description: 'Board room' },
      },
    },
    replies: [],
  };
}
