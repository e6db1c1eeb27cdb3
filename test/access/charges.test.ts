// What a caller is charged: nothing for what is at hand, one for what is not, two for what is not there, whatever the reason.

import { describe, expect, onTestFinished, test } from 'vitest';
import { bearer } from '../access/tokens.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { review, subscribeTo } from '../live/subscriber.ts';
import { DOORS } from '../server/doors.ts';
import { startSigned } from '../server/signed.ts';

const [POST] = DOORS;
const PAGE = 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }';
const none = (count: number, from = 0) => Array.from({ length: count }, (_, n) => review(`none-${from + n}`));

async function ask(gateway: TestGateway, refs: readonly object[], authorization = bearer()) {
  const outcome = await POST?.ask(gateway.origin, authorization, { query: PAGE, variables: { refs } });
  if (outcome === undefined) throw new Error('there is no door');
  return outcome;
}

/** How many refs that are at hand nowhere the caller may still ask for. */
async function left(gateway: TestGateway, authorization: string): Promise<number> {
  for (let n = 0; n < 100; n++) {
    const { status } = await ask(gateway, [review(`left-${n}-${Math.random()}`)], authorization);
    // Each is not there, and costs two, the second of which may be owed.
    if (status === 429) return 2 * n;
  }
  return 200;
}

const start = () => startSigned({ CALLER_RATE: '20/6000s', NOT_FOUND_SECONDS: '100' });

describe('of twenty a caller has left', () => {
  const some = (sub: string) => bearer({ sub, invitations: { review: ['review-sent', 'left-1*', 'none-0'] } });
  test.each<[string, readonly object[], string, number]>([
    ['20 after nothing', [], bearer({ sub: 'a' }), 20],
    ['18 after one that is not there', [review('none-0')], bearer({ sub: 'a' }), 18],
    ['18 after one that is not granted, and is there', [review('review-delivered')], some('b'), 18],
    ['18 after one that is not granted, and is not there', [review('none-1')], some('b'), 18],
    [
      '18 after one that is named three times',
      [review('none-0'), review('none-0'), review('none-0')],
      bearer({ sub: 'a' }),
      18,
    ],
  ])('%s', async (_, refs, authorization, count) => {
    const gateway = await start();
    if (refs.length > 0) expect((await ask(gateway, refs, authorization)).status).toBe(200);
    expect(await left(gateway, authorization)).toBe(count);
  });

  test('18 after two that had to be read, and no less after they are asked for again and again', async () => {
    const gateway = await start();
    const refs = [review('review-sent'), review('review-delivered')];
    for (let n = 0; n < 10; n++) await ask(gateway, refs, bearer({ sub: 'a' }));
    expect(await left(gateway, bearer({ sub: 'a' }))).toBe(18);
  });

  test('18 after one that another caller has found not to be there, and two less each time', async () => {
    const gateway = await start();
    await ask(gateway, none(1), bearer({ sub: 'first' }));
    for (let n = 0; n < 3; n++) await ask(gateway, none(1), bearer({ sub: 'second' }));
    expect(await left(gateway, bearer({ sub: 'second' }))).toBe(14);
    expect(await left(gateway, bearer({ sub: 'third' }))).toBe(20);
  });

  test('18 after a stream of one that is not granted, and of one that is not there', async () => {
    const gateway = await start();
    for (const [sub, ref] of [
      ['b', review('review-delivered')],
      ['c', review('none-0')],
    ] as const) {
      const stream = subscribeTo(gateway.origin, [ref], undefined, { authorization: some(sub) });
      await stream.completed;
      expect(await left(gateway, some(sub))).toBe(18);
    }
  });
});

test('what does not fit is refused together: nothing is spent, and what is at hand is given', async () => {
  const gateway = await start();
  const authorization = bearer({ sub: 'a' });
  await ask(gateway, [review('review-sent')], authorization);
  await ask(gateway, none(9), authorization);
  gateway.takeCalls();
  const { status, headers, body } = await ask(gateway, [review('review-sent'), ...none(3, 100)], authorization);
  expect([status, headers['retry-after']]).toEqual([200, undefined]);
  expect(body.data.invitations.map((one: unknown) => one !== null)).toEqual([true, false, false, false]);
  expect(body.errors.map(({ extensions }: { extensions: object }) => extensions)).toEqual(
    Array(3).fill({ code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: expect.any(Number) }),
  );
  expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] });
  // The one that is left was not taken.
  expect((await ask(gateway, none(1, 200), authorization)).body.errors).toBeUndefined();
});

test.each(DOORS)(
  'too many operations are refused by $name, and say when to ask again',
  async ({ ask: send, isWebSocket }) => {
    const gateway = await startSigned({ CALLER_RATE: '2/60s' });
    const query = '{ __typename }';
    for (let n = 0; n < 2; n++)
      expect((await send(gateway.origin, bearer(), { query })).body.data).toEqual({ __typename: 'Query' });
    const { status, headers, body } = await send(gateway.origin, bearer(), { query });
    const extensions = { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 30 };
    expect(body.errors).toEqual([
      { message: 'You send more operations than the gateway allows: ask again in 30 s.', extensions },
    ]);
    if (!isWebSocket && headers['content-type']?.includes('json'))
      expect([status, headers['retry-after']]).toEqual([429, '30']);
    // Of another viewer nothing is taken.
    expect((await send(gateway.origin, bearer({ sub: 'else' }), { query })).body.errors).toBeUndefined();
  },
);

test('a subscription for which there is nothing left is refused', async () => {
  const gateway = await start();
  await ask(gateway, none(10));
  const door = DOORS.find(({ name }) => name === 'POST for events');
  const query =
    'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-sent" } }]) { id } }';
  const refused = await door?.ask(gateway.origin, bearer(), { query });
  expect(refused?.body.errors[0].extensions.code).toBe('RATE_LIMITED');
});

test('without tokens an address is a caller', async () => {
  const gateway = await startTestGateway({ environment: { CALLER_RATE: '4/60s', TRUSTED_PROXIES: '127.0.0.1' } });
  onTestFinished(() => gateway.stop());
  const statusOf = async (address: string) => {
    const response = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
      body: JSON.stringify({ query: PAGE, variables: { refs: none(2, Math.floor(Math.random() * 1e9)) } }),
    });
    return response.status;
  };
  expect(await statusOf('192.0.2.1')).toBe(200);
  expect(await statusOf('192.0.2.1')).toBe(429);
  expect(await statusOf('192.0.2.2')).toBe(200);
});
