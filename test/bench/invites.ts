// Cronofy's answers for benchmarks. The id tells what an invite is like: `ics-200000-7` has an ICS of so many bytes,
// `replies-1000-7` so many replies, `big-7` is as large as an invite may well be, and every other one is ordinary.

const TIME = '{"time":"2099-12-04T09:30:00+01:00","tzid":"Europe/Paris"}';
const REPLY = '{"email":"other@example.com","status":"accepted","comment":"See you there."}';

/** @param withExtras Whether the ICS was asked for. */
export function inviteOf(id: string, withExtras: boolean): string {
  const [, kind, size = '0'] = /^(big|ics|replies)-(?:(\d+)-)?/.exec(id) ?? [];
  if (kind === 'ics' && withExtras) return invite(id, { attachments: icalendarOf(Number(size)) });
  if (kind === 'replies') return invite(id, { replies: repliesOf(Number(size), '') });
  if (kind !== 'big') return invite(id, {});
  const proposal = `,"proposal":{"start":${TIME},"end":${TIME}}`;
  // Two bytes a character in memory too, as only texts beyond Latin-1 have.
  return invite(id, { replies: repliesOf(200, proposal), description: '\\u4f1a'.repeat(10_000) });
}

interface Parts {
  readonly replies?: string;
  readonly description?: string;
  readonly attachments?: string;
}

function invite(id: string, { replies, description, attachments }: Parts): string {
  const more = attachments === undefined ? '' : `,"attachments":${attachments}`;
  return `{"recipient":{"email":"${id}@example.com","status":"pending"},"replies":[${replies ?? REPLY}],"smart_invite_id":"${id}","callback_url":"https://app.example.com/notifications","event":{"summary":"Board meeting","description":"${description ?? 'Discuss plans for the next quarter.'}","start":${TIME},"end":${TIME},"location":{"description":"Board room"}}${more}}`;
}

function repliesOf(count: number, more: string): string {
  const reply = (_: unknown, n: number) =>
    `{"email":"guest-${n}@example.com","status":"accepted","comment":"See you there, says guest ${n}."${more}}`;
  return Array.from({ length: count }, reply).join();
}

function icalendarOf(bytes: number): string {
  return `{"icalendar":"BEGIN:VCALENDAR\\r\\n${'X'.repeat(bytes)}\\r\\nEND:VCALENDAR"}`;
}
