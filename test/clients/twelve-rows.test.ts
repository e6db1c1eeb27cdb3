// A page of twelve rows in a real browser: with a stream a row some of them stay behind, and README's pattern, one stream a
// page whose cache feeds the rows, keeps all of them live, with Apollo Client and with urql, over both transports.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Board, startBoard } from './board-pages.ts';
import { launchChromium } from './browser/chromium.ts';

const MOVING = 'invite-tentative';
const ROWS = Array.from({ length: 12 }, (_, n) => ({ smartInvite: { smartInviteId: `invite-of-row-${n + 1}` } }));
const QUERY = `subscription Row($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { externalId } }`;

let board: Board;
let browser: Browser;
beforeAll(async () => {
  board = await startBoard(60);
  browser = await launchChromium();
  for (const [n] of ROWS.entries()) board.gateway.sandbox.cronofy.put(inviteOf(`invite-of-row-${n + 1}`));
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await board?.stop();
});

function inviteOf(smart_invite_id: string) {
  const time = '2099-12-04T09:30:00Z';
  return {
    smart_invite_id,
    recipient: { email: 'ann@example.com', status: 'pending' },
    callback_url: null,
    event: { summary: smart_invite_id, start: time, end: time },
  };
}

/** In a browser of its own: connections are a browser's, and not a page's. */
async function openPage(): Promise<Page> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  return context.newPage();
}

/** One of the board's origin, without the board. The backend's answer is all that it has. */
async function openOtherPage(): Promise<Page> {
  const page = await openPage();
  await page.goto(`${board.origin}/invitation-token`);
  return page;
}

/** What each row's own stream has given so far. */
async function heardBy(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);
}

test('with a stream a row over SSE six rows stay silent, because a browser opens six connections to a host', async () => {
  const page = await openOtherPage();
  await page.evaluate(
    async ({ url, query, rows }) => {
      const authorization = `Bearer ${await (await fetch('/invitation-token')).text()}`;
      const heard: string[] = rows.map(() => 'nothing');
      Object.assign(globalThis, { heard });
      for (const [n, row] of rows.entries()) {
        const headers = { 'content-type': 'application/json', accept: 'text/event-stream', authorization };
        const body = JSON.stringify({ query, variables: { refs: [row] } });
        void fetch(url, { method: 'POST', headers, body }).then(async (response) => {
          const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
          for (let read = await reader?.read(); read?.value; read = await reader?.read()) heard[n] += read.value;
        });
      }
    },
    { url: `${board.gateway.origin}/graphql`, query: QUERY, rows: ROWS },
  );
  const live = async () => (await heardBy(page)).filter((text) => text.includes('externalId')).length;
  await expect.poll(live).toBe(6);
  expect((await heardBy(page)).filter((text) => text === 'nothing')).toHaveLength(6);
});

test('with a stream a row over WebSocket rows eleven and twelve are refused', async () => {
  const page = await openOtherPage();
  await page.evaluate(
    async ({ url, query, rows }) => {
      const authorization = `Bearer ${await (await fetch('/invitation-token')).text()}`;
      const heard: string[] = rows.map(() => '');
      Object.assign(globalThis, { heard });
      const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
      const send = (message: object) => socket.send(JSON.stringify(message));
      socket.onopen = () => send({ type: 'connection_init', payload: { authorization } });
      socket.onmessage = ({ data }) => {
        const { type, id, payload } = JSON.parse(data);
        if (type === 'connection_ack')
          for (const [n, row] of rows.entries())
            send({ type: 'subscribe', id: String(n), payload: { query, variables: { refs: [row] } } });
        else heard[Number(id)] += `${type} ${JSON.stringify(payload)}`;
      };
    },
    { url: `${board.gateway.origin}/graphql`, query: QUERY, rows: ROWS },
  );
  const starting = (text: string) => async () =>
    (await heardBy(page)).flatMap((each, n) => (each.includes(text) ? [n + 1] : []));
  await expect.poll(starting('RATE_LIMITED')).toEqual([11, 12]);
  await expect.poll(starting('externalId')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test.each([
  ['Apollo Client', 'SSE'],
  ['Apollo Client', 'WebSocket'],
  ['urql', 'SSE'],
  ['urql', 'WebSocket'],
])('with one stream a page %s keeps twelve rows live over %s', async (client, transport) => {
  const reply = (status: string) =>
    expect(board.gateway.sandbox.cronofy.reply(MOVING, { email: `${MOVING}@example.com`, status })).toBe(true);
  reply('tentative');
  const page = await openPage();
  const [complaints, streams, subscribed]: [string[], string[], string[]] = [[], [], []];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (request.headers().accept === 'text/event-stream') streams.push(request.url());
  });
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => {
      if (String(payload).includes('"subscribe"')) subscribed.push(String(payload));
    }),
  );
  await page.goto(`${board.origin}${client === 'urql' ? `/urql.html?transport=${transport}` : ''}`);
  if (client !== 'urql') await page.getByRole('radio', { name: transport }).check();
  const rows = page.getByRole('listitem');
  const text = async (name: RegExp) => (await rows.filter({ hasText: name }).innerText()).toLowerCase();
  await expect.poll(() => text(/invite.tentative/)).toMatch(/[~:] tentative/);
  expect(await rows.count()).toBe(12);
  await expect.poll(() => text(/invite-of-our-branch/)).toContain('not configured for this data center');
  for (const status of ['accepted', 'declined']) {
    reply(status);
    await expect.poll(() => text(/invite.tentative/)).toContain(status);
  }
  expect(complaints).toEqual([]);
  if (transport === 'WebSocket') expect(subscribed).toHaveLength(1);
  else expect([streams.length, subscribed.length]).toEqual([1, 0]);
});
