// A caller that asks for more than CALLER_RATE, by each door: what it is told, and that nothing was run or called for it.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Environment } from '../../src/settings.ts';
import { bearer } from '../access/tokens.ts';
import { type GraphQLAnswer, startTestGateway } from '../harness.ts';
import { review, subscribeTo } from '../live/subscriber.ts';
import { DOORS } from './doors.ts';
import { startSigned } from './signed.ts';

/** Whoever asks counts as the address. */
async function start(environment: Environment) {
  const gateway = await startTestGateway({ environment });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const SENT = '{ reviewInvitation(invitationId: "review-sent") { id } }';
const SOME = 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }';
const OF_ONE = 'query($id: ID!) { reviewInvitation(invitationId: $id) { id } }';

const REFUSED = { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 60 };

const refs = (count: number, from = 0) => Array.from({ length: count }, (_, n) => review(`review-${from + n}`));
const codes = ({ errors = [] }: GraphQLAnswer) => errors.map(({ extensions }) => extensions.code);

describe.each(DOORS)('by $name', ({ isWebSocket, ask }) => {
  test.each([
    { what: 'a query', payload: { query: SENT } },
    {
      what: 'a subscription',
      payload: {
        query: `subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "x" } }]) { id } }`,
      },
    },
  ])('$what beyond the number of operations is refused, and nothing is called', async ({ payload }) => {
    const { origin, query, takeCalls } = await start({ CALLER_RATE: '1/60s' });
    await query('{ __typename }');
    const { status, headers, body } = await ask(origin, undefined, payload);
    expect(body).toEqual({ errors: [{ message: expect.stringMatching(/operations.* 60 s/), extensions: REFUSED }] });
    expect([status, headers['retry-after']]).toEqual(isWebSocket ? [200, undefined] : [429, '60']);
    expect(takeCalls().partoo).toEqual([]);
  });

  test('invitations beyond the rate are refused together, and nothing is called', async () => {
    const { origin, query, takeCalls } = await start({ CALLER_RATE: '4/60s' });
    await query(SOME, { refs: refs(2) });
    takeCalls();
    const payload = { query: SOME, variables: { refs: refs(3, 100) } };
    const { status, headers, body } = await ask(origin, undefined, payload);
    expect(body.data).toEqual({ invitations: [null, null, null] });
    expect(body.errors).toHaveLength(3);
    // Two were taken, and two more because they are not there.
    for (const { extensions } of body.errors) expect(extensions).toEqual({ ...REFUSED, retryAfterSeconds: 45 });
    expect([status, headers['retry-after']]).toEqual(isWebSocket ? [200, undefined] : [429, '45']);
    expect(takeCalls().partoo).toEqual([]);
  });
});

describe.each(DOORS.filter(({ name, isWebSocket }) => isWebSocket || name.endsWith('for events')))(
  'by $name',
  ({ isWebSocket, ask }) => {
    test('a subscription to invitations beyond the rate is refused', async () => {
      const { origin, query, takeCalls } = await start({ CALLER_RATE: '4/60s' });
      await query(SOME, { refs: refs(2) });
      takeCalls();
      const payload = {
        query: 'subscription($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { id } }',
        variables: { refs: refs(3, 100) },
      };
      const { status, headers, body } = await ask(origin, undefined, payload);
      expect(body.errors[0].extensions).toEqual({ ...REFUSED, retryAfterSeconds: 45 });
      expect([status, headers['retry-after']]).toEqual(isWebSocket ? [200, undefined] : [429, '45']);
      expect(takeCalls().partoo).toEqual([]);
    });
  },
);

describe('of invitations', () => {
  test('those that are kept cost nothing', async () => {
    const { query } = await start({ CALLER_RATE: '20/60s' });
    const known = ['review-sent', 'review-delivered'].map(review);
    for (let n = 0; n < 15; n++) expect(codes(await query(SOME, { refs: known }))).toEqual([]);
    // Two of twenty were taken.
    expect(codes(await query(SOME, { refs: refs(18) }))).toEqual([]);
    expect(codes(await query(SOME, { refs: refs(1, 50) }))).toEqual(['RATE_LIMITED']);
  });

  test('those that are not there cost two, the first time and each time after', async () => {
    const { query, takeCalls } = await start({ CALLER_RATE: '8/60s' });
    for (let n = 0; n < 4; n++) expect(codes(await query(OF_ONE, { id: 'nothing' }))).toEqual([]);
    expect(codes(await query(OF_ONE, { id: 'nothing' }))).toEqual(['RATE_LIMITED']);
    expect(takeCalls().partoo).toHaveLength(1);
  });

  test('one that is named twice costs as one', async () => {
    const { query } = await start({ CALLER_RATE: '3/60s' });
    const [one, other] = ['review-sent', 'review-delivered'].map(review);
    expect(codes(await query(SOME, { refs: [one, other, one, other] }))).toEqual([]);
  });

  test('those that are kept are given beside others that are refused, and the answer is 200', async () => {
    const { query } = await start({ CALLER_RATE: '2/60s' });
    await query(SENT);
    const { status, data, errors } = await query(SOME, { refs: [review('review-sent'), ...refs(2)] });
    expect(data.invitations).toEqual([{ id: expect.any(String) }, null, null]);
    expect(errors?.map(({ path }) => path)).toEqual([
      ['invitations', 1],
      ['invitations', 2],
    ]);
    expect(status).toBe(200);
  });

  test('one that is there, and has nothing in the fields that are asked for, is given beside others that are refused', async () => {
    const { query } = await start({ CALLER_RATE: '2/60s' });
    await query(SENT);
    const BESIDE = `{
      kept: reviewInvitation(invitationId: "review-sent") { staleness { reason } }
      other: reviewInvitation(invitationId: "x") { id }
      another: reviewInvitation(invitationId: "y") { id }
    }`;
    const { status, data } = await query(BESIDE);
    expect(data).toEqual({ kept: { staleness: null }, other: null, another: null });
    expect(status).toBe(200);
  });

  test('a page that can never be had at once is refused with what to do, and costs nothing', async () => {
    const { query, takeCalls } = await start({ CALLER_RATE: '50/60s' });
    const { status, errors = [] } = await query(SOME, { refs: refs(100) });
    expect(status).toBe(200);
    expect(errors).toHaveLength(100);
    expect(errors[0]?.message).toBe(
      'One operation reads at most 50 invitations that the gateway does not have at hand: ask for fewer at once.',
    );
    expect(errors[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', retryable: false });
    expect(takeCalls().partoo).toEqual([]);
    expect(codes(await query(SOME, { refs: refs(50) }))).toEqual([]);
  });

  test('they can be had when the time has passed that the caller was told', async () => {
    const { query } = await start({ CALLER_RATE: '10/1s' });
    const known = ['review-sent', 'review-created', 'review-delivered'].map(review);
    await query(SOME, { refs: refs(5) });
    const refused = await query(SOME, { refs: known });
    expect(codes(refused)).toEqual(['RATE_LIMITED', 'RATE_LIMITED', 'RATE_LIMITED']);
    await sleep(Number(refused.errors?.[0]?.extensions.retryAfterSeconds) * 1_000);
    expect(codes(await query(SOME, { refs: known }))).toEqual([]);
  });

  test('what streams show first costs as in a query', async () => {
    const { origin, query } = await start({ CALLER_RATE: '3/60s' });
    await subscribeTo(origin, ['review-sent', 'review-delivered'].map(review)).first(2);
    expect(codes(await query(SOME, { refs: refs(2) }))).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
  });
});

describe('a caller', () => {
  const asked = (origin: string, authorization: string) =>
    DOORS[0]?.ask(origin, authorization, { query: '{ __typename }' }).then(({ status }) => status);

  test('is the subject of its token, whatever other tokens it has', async () => {
    const { origin } = await startSigned({ CALLER_RATE: '2/60s' });
    const statuses = [];
    for (const claims of [{}, { invitations: { review: ['a'] } }, { scope: 'explore' }])
      statuses.push(await asked(origin, bearer({ sub: 'one', ...claims })));
    expect(statuses).toEqual([200, 200, 429]);
    expect(await asked(origin, bearer({ sub: 'other' }))).toBe(200);
  });

  test('has as many streams as it may by its token, not by its address', async () => {
    const { origin } = await startSigned({ MAX_STREAMS_PER_CALLER: '1' });
    const payload = {
      query: 'subscription { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-sent" } }]) { id } }',
    };
    const socket = DOORS.find(({ isWebSocket }) => isWebSocket);
    const begin = async (sub: string) =>
      (await socket?.ask(origin, bearer({ sub }), payload))?.body.errors?.[0]?.extensions.code;
    expect([await begin('one'), await begin('other'), await begin('one')]).toEqual([
      undefined,
      undefined,
      'RATE_LIMITED',
    ]);
  });
});
