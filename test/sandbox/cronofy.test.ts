// The Cronofy imitation against Cronofy's own client: what the official SDK sends is taken, and what it gets back is
// what the gateway reads.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { SmartInvite } from '../../src/invitation/smart-invite.ts';
import { decodeSmartInvite, type SmartInviteWire } from '../../src/providers/cronofy/wire.ts';
import { CRONOFY_CLIENT_SECRET, type CronofyImitation, startCronofy } from '../../src/sandbox/cronofy.ts';
import { seededSmartInvites } from '../../src/sandbox/cronofy-scenario.ts';
import type { ImitationOptions } from '../../src/sandbox/imitation.ts';
import { smartInviteRef } from '../refs.ts';

// The official client brings no types; these are of what is used here.
interface CronofyClient {
  readonly urls: { api: string };
  getSmartInvite(options: object): Promise<SmartInviteWire>;
  createSmartInvite(options: object): Promise<SmartInviteWire>;
  cancelSmartInvite(options: object): Promise<SmartInviteWire>;
}
const OfficialClient: new (config: { client_id: string; client_secret: string }) => CronofyClient = createRequire(
  import.meta.url,
)('cronofy');

let cronofy: CronofyImitation | undefined;
afterEach(() => cronofy?.stop());

async function start(options: ImitationOptions = { quota: [] }, secret = CRONOFY_CLIENT_SECRET) {
  cronofy = await startCronofy({ latencyMs: 0, ...options });
  const client = new OfficialClient({ client_id: 'gateway', client_secret: secret });
  client.urls.api = cronofy.origin;
  return { client, cronofy };
}

const GUEST = 'guest+calendar@example.com';
const LUNCH = {
  smart_invite_id: 'lunch',
  recipient: { email: GUEST },
  callback_url: 'https://yourapp.example.com/notifications',
  event: {
    summary: 'Lunch',
    start: { time: '2030-05-04T12:30:00+02:00', tzid: 'Europe/Paris' },
    end: { time: '2030-05-04T13:30:00+02:00', tzid: 'Europe/Paris' },
  },
};
const ASKED = { smart_invite_id: 'lunch', recipient_email: GUEST };

function decode(wire: unknown, smartInviteId: string, recipientEmail: string | null): SmartInvite {
  return decodeSmartInvite(wire, smartInviteRef('US', smartInviteId, recipientEmail));
}

async function control(action: string, json: object): Promise<number> {
  const { status } = await fetch(`${cronofy?.origin}/_control/${action}`, {
    method: 'POST',
    body: JSON.stringify(json),
  });
  return status;
}

const refusal = (refused: Promise<unknown>) => expect(refused).rejects;

describe('the official client', () => {
  test('creates an invite and reads it back', async () => {
    const { client } = await start();
    const created = await client.createSmartInvite(LUNCH);
    expect(created.attachments?.icalendar).toContain('METHOD:REQUEST\r\n');

    const read = await client.getSmartInvite(ASKED);
    const recipient = { email: GUEST, status: 'pending' };
    expect(read).toEqual({ ...LUNCH, recipient, replies: [] });
    expect(created).toEqual({ ...read, attachments: created.attachments });
    expect(decode(read, 'lunch', GUEST)).toMatchObject({
      smartInviteId: 'lunch',
      recipient: { email: GUEST, status: 'PENDING' },
      callbackUrl: LUNCH.callback_url,
      event: { start: { dateTime: '2030-05-04T12:30:00+02:00', timeZone: 'Europe/Paris' } },
      attachments: null,
    });
  });

  test('updates an invite by sending it again', async () => {
    const { client } = await start();
    await client.createSmartInvite(LUNCH);
    const event = { ...LUNCH.event, summary: 'Late lunch', location: { description: 'Canteen' } };
    await client.createSmartInvite({ ...LUNCH, event });
    expect((await client.getSmartInvite(ASKED)).event).toEqual(event);
    expect((await client.getSmartInvite({ smart_invite_id: 'lunch' })).event.summary).toBe('Late lunch');
  });

  test('keeps the invites of two people with one id apart', async () => {
    const { client } = await start();
    const event = { ...LUNCH.event, summary: 'Lunch, for the other' };
    await client.createSmartInvite(LUNCH);
    await client.createSmartInvite({ ...LUNCH, recipient: { email: 'other@example.com' }, event });
    expect((await client.getSmartInvite(ASKED)).event.summary).toBe('Lunch');
    const other = await client.getSmartInvite({ ...ASKED, recipient_email: 'other@example.com' });
    expect(other.event.summary).toBe('Lunch, for the other');
  });

  test('cancels an invite, which stays pending: only its ICS says so', async () => {
    const { client } = await start();
    await client.createSmartInvite(LUNCH);
    const cancelled = await client.cancelSmartInvite({ smart_invite_id: 'lunch', recipient: { email: GUEST } });
    const read = await client.getSmartInvite({ ...ASKED, include_ics: true });
    expect(read).toEqual(cancelled);
    expect(read.recipient).toEqual({ email: GUEST, status: 'pending' });
    expect(read.attachments?.icalendar).toContain('METHOD:CANCEL\r\n');
    expect(read.attachments?.icalendar).toContain('STATUS:CANCELLED\r\n');
  });

  test('cannot cancel an invite that does not exist', async () => {
    const { client } = await start();
    await refusal(client.cancelSmartInvite({ smart_invite_id: 'lunch', recipient: { email: GUEST } })).toMatchObject({
      statusCode: 404,
    });
  });

  test('invites several people at once', async () => {
    const { client } = await start();
    const { recipient: _, ...lunch } = LUNCH;
    const emails = ['first@example.com', 'second@example.com'];
    await client.createSmartInvite({ ...lunch, recipients: emails.map((email) => ({ email })) });
    const read = await client.getSmartInvite({ smart_invite_id: 'lunch' });
    expect(read).not.toHaveProperty('recipient');
    expect(read.recipients).toEqual(emails.map((email) => ({ email, status: 'pending' })));

    expect(await control('reply', { smart_invite_id: 'lunch', email: 'second@example.com', status: 'accepted' })).toBe(
      204,
    );
    const invite = decode(await client.getSmartInvite({ smart_invite_id: 'lunch' }), 'lunch', null);
    expect(invite.recipient).toBeNull();
    expect(invite.recipients.map(({ status }) => status)).toEqual(['PENDING', 'ACCEPTED']);
  });

  test('gets a 422 that names the field for fractions of a second', async () => {
    const { client } = await start();
    const fractional = { time: '2030-05-04T12:30:00.000Z', tzid: 'Etc/UTC' };
    await refusal(client.createSmartInvite({ ...LUNCH, event: { ...LUNCH.event, start: fractional } })).toMatchObject({
      statusCode: 422,
      error: {
        entity: { errors: { 'event.start': [{ key: expect.any(String), description: expect.any(String) }] } },
      },
    });
    await refusal(client.getSmartInvite(ASKED)).toMatchObject({ statusCode: 404 });
  });

  test('gets the ICS with include_ics and never without', async () => {
    const { client } = await start();
    await client.createSmartInvite(LUNCH);
    for (const more of [{}, { include_ics: false }]) {
      expect(await client.getSmartInvite({ ...ASKED, ...more })).not.toHaveProperty('attachments');
    }
    const icalendar = (await client.getSmartInvite({ ...ASKED, include_ics: true })).attachments?.icalendar ?? '';
    expect(icalendar.split('\r\n')).toEqual(
      expect.arrayContaining(['BEGIN:VCALENDAR', 'SUMMARY:Lunch', 'DTSTART:20300504T103000Z', 'END:VCALENDAR']),
    );
  });

  test('gets a refusal for every call with a wrong secret', async () => {
    const { client, cronofy } = await start({ quota: [] }, 'another-secret');
    const asked = { smart_invite_id: 'board-meeting' };
    await refusal(client.getSmartInvite(asked)).toMatchObject({ statusCode: 401 });
    await refusal(client.createSmartInvite(LUNCH)).toMatchObject({ statusCode: 401 });
    await refusal(client.cancelSmartInvite(asked)).toMatchObject({ statusCode: 401 });
    expect(cronofy.calls.map(({ status }) => status)).toEqual([401, 401, 401]);
  });
});

describe('a recipient replies', () => {
  const proposal = {
    start: { time: '2030-05-05T12:30:00+02:00', tzid: 'Europe/Paris' },
    end: { time: '2030-05-05T13:30:00+02:00', tzid: 'Europe/Paris' },
  };

  test('is stored with a comment and another time, and replaced by a later reply', async () => {
    const { client } = await start();
    await client.createSmartInvite(LUNCH);
    const reply = { email: GUEST, status: 'declined', comment: 'Too early.', proposal };
    expect(await control('reply', { smart_invite_id: 'lunch', ...reply })).toBe(204);
    expect(await client.getSmartInvite(ASKED)).toMatchObject({ recipient: reply, replies: [reply] });

    expect(await control('reply', { smart_invite_id: 'lunch', email: GUEST, status: 'accepted' })).toBe(204);
    const accepted = { email: GUEST, status: 'accepted' };
    const { recipient, replies } = await client.getSmartInvite(ASKED);
    expect({ recipient, replies }).toEqual({ recipient: accepted, replies: [accepted] });
  });

  test('from a person to whom the invite was forwarded is among the replies, and the recipient stays pending', async () => {
    const { client } = await start();
    await client.createSmartInvite(LUNCH);
    const reply = { email: 'colleague@example.net', status: 'tentative', comment: 'Perhaps.' };
    expect(await control('reply', { smart_invite_id: 'lunch', ...reply })).toBe(204);
    const read = await client.getSmartInvite(ASKED);
    expect(read).toMatchObject({ recipient: { email: GUEST, status: 'pending' }, replies: [reply] });
    await refusal(client.getSmartInvite({ ...ASKED, recipient_email: reply.email })).toMatchObject({
      statusCode: 404,
    });
  });

  test('to an unknown invite or without an address is refused', async () => {
    await start();
    expect(await control('reply', { smart_invite_id: 'no-such-invite', email: GUEST, status: 'accepted' })).toBe(404);
    expect(await control('reply', { smart_invite_id: 'board-meeting', status: 'accepted' })).toBe(400);
  });
});

test.each(
  seededSmartInvites().map(({ invite }) => ({ id: invite.smart_invite_id ?? '', email: invite.recipient?.email })),
)('the gateway can read the seeded invite $id, with and without its ICS', async ({ id, email }) => {
  const { client } = await start();
  const asked = { smart_invite_id: id, ...(email === undefined ? {} : { recipient_email: email }) };
  const plain = decode(await client.getSmartInvite(asked), id, email ?? null);
  expect(plain.recipients.length).toBeGreaterThan(0);
  expect(plain.attachments).toBeNull();
  const full = decode(await client.getSmartInvite({ ...asked, include_ics: true }), id, email ?? null);
  expect(full.attachments?.icalendar).toMatch(/^BEGIN:VCALENDAR\r\n[\s\S]*\r\nEND:VCALENDAR\r\n$/);
});

test('a read without an id gets a 422', async () => {
  const { client } = await start();
  await refusal(client.getSmartInvite({})).toMatchObject({ statusCode: 422 });
});

test('the quota is 50 a second by default, and its 429 has no Retry-After', async () => {
  await start({});
  const answers = await Promise.all(
    Array.from({ length: 51 }, () =>
      fetch(`${cronofy?.origin}/v1/smart_invites?smart_invite_id=board-meeting`, {
        headers: { authorization: `Bearer ${CRONOFY_CLIENT_SECRET}` },
      }),
    ),
  );
  const refused = answers.filter(({ status }) => status === 429);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(50);
  expect(refused).toHaveLength(1);
  expect(refused[0]?.headers.has('retry-after')).toBe(false);
});

test.each(['0.0.0.0', '[::]'])('a gateway that listens on every address (%s) is notified', async (host) => {
  const { cronofy } = await start();
  const server = createServer((request, response) => {
    request.resume();
    response.end();
  }).listen(0);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  cronofy.notify(`http://${host}:${(server.address() as AddressInfo).port}`);
  const notified = once(server, 'request');
  cronofy.reply('invite-pending', { email: 'invite-pending@example.com', status: 'accepted' });
  const [request] = await notified;
  expect(request.url).toBe('/webhooks/cronofy');
});
