// Two viewers at once, on the same connections and with the same documents: each gets its own answers, and has its own
// share of what is limited.

import { beforeAll, describe, expect, test } from 'vitest';
import { bearer, SECRET } from '../access/tokens.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { review, subscribeTo } from '../live/subscriber.ts';
import { DOORS } from './doors.ts';
import { startSigned } from './signed.ts';

const IDS = { ann: 'review-sent', bob: 'review-delivered' } as const;
type Name = keyof typeof IDS;
const NAMES = ['ann', 'bob'] as const;

const authorizationOf = (name: Name, more = {}) => bearer({ sub: name, invitations: { review: [IDS[name]] }, ...more });

const QUERY = `query($a: ID!, $b: ID!) {
  a: reviewInvitation(invitationId: $a) { invitationId }
  b: reviewInvitation(invitationId: $b) { invitationId }
}`;
const PAYLOAD = { query: QUERY, variables: { a: IDS.ann, b: IDS.bob } };

const EXPECTED = {
  ann: { data: { a: { invitationId: IDS.ann }, b: null } },
  bob: { data: { a: null, b: { invitationId: IDS.bob } } },
};

describe('a thousand requests of two viewers', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({
      environment: { AUTH_JWT_SECRET: SECRET, CALLER_RATE: '100000/60s', FRESH_SECONDS: '0' },
    });
    return () => gateway.stop();
  });

  test.each([
    ['each with one token', false],
    ['each with a new token every time', true],
  ])('get each its own answer: %s', { timeout: 60_000 }, async (_, isNew) => {
    const kept = { ann: authorizationOf('ann'), bob: authorizationOf('bob') };
    let n = 0;
    const ask = async (): Promise<void> => {
      while (n < 1_000) {
        n += 1;
        const name = NAMES[(n * 7 + (n >> 3)) % 2] as Name;
        const authorization = isNew ? authorizationOf(name, { jti: String(n) }) : kept[name];
        const door = DOORS[n % 100];
        const answer = door ? (await door.ask(gateway.origin, authorization, PAYLOAD)).body : await post(authorization);
        expect(answer).toEqual(EXPECTED[name]);
      }
    };
    await Promise.all(Array.from({ length: 50 }, ask));
  });

  /** On connections that requests of both share. */
  async function post(authorization: string): Promise<unknown> {
    const response = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify(PAYLOAD),
    });
    return response.json();
  }
});

test('streams are limited by viewer, and not by address or token', async () => {
  const { origin } = await startSigned({ MAX_STREAMS_PER_CALLER: '2' });
  const open = async (sub: string) => {
    const authorization = bearer({ sub, invitations: { review: ['review-sent'] } });
    const [event] = await subscribeTo(origin, [review('review-sent')], undefined, { authorization }).first(1);
    return event?.code ?? event?.invitation.status;
  };
  expect(await Promise.all(['ann', 'bob', 'ann', 'bob'].map(open))).toEqual(Array(4).fill('PENDING'));
  expect(await Promise.all(['ann', 'bob'].map(open))).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
  expect(await open('cid')).toBe('PENDING');
});

test('streams by WebSocket and by events are counted together', async () => {
  const { origin } = await startSigned({ MAX_STREAMS_PER_CALLER: '1' });
  const authorization = bearer({ sub: 'ann' });
  await subscribeTo(origin, [review('review-sent')], undefined, { authorization }).first(1);
  const query =
    'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-sent" } }]) { id } }';
  for (const { name, ask, isWebSocket } of DOORS) {
    if (!isWebSocket) continue;
    expect((await ask(origin, authorization, { query })).body.errors[0].extensions.code).toBe('RATE_LIMITED');
    expect((await ask(origin, bearer({ sub: name }), { query })).body).toMatchObject({ data: {} });
  }
});
