// This gateway as a subgraph behind Apollo Gateway, beside a subgraph of orders.

import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { globalIdOf } from '../../src/invitation/ref.ts';
import { bearer } from '../access/tokens.ts';
import { freePort } from '../free-port.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';
import { startSigned } from '../server/signed.ts';
import { composers, sdlOf } from './compose.ts';
import { composeSupergraph } from './compose-supergraph.ts';
import { ORDERS, startOrders } from './orders.ts';
import { startRouter } from './supergraph.ts';

const review = (id: string) => globalIdOf(reviewInvitationRef(id));
const INVITATIONS = [
  review('review-sent'),
  globalIdOf(smartInviteRef('US', 'invite-accepted', 'invite-accepted@example.com')),
  review('review-delivered'),
  review('no-such-review'),
  review('review-sent'),
];

const PAGE = `query Page { orders { id invitation {
  __typename id status ... on ReviewInvitation { deliveryStatus } ... on SmartInvite { event { summary } } } } }`;

const [sentId, acceptedId, deliveredId] = INVITATIONS;
const SENT = { __typename: 'ReviewInvitation', id: sentId, status: 'PENDING', deliveryStatus: 'SENT' };
const ACCEPTED = {
  __typename: 'SmartInvite',
  id: acceptedId,
  status: 'ACCEPTED',
  event: { summary: expect.any(String) },
};
const DELIVERED = { __typename: 'ReviewInvitation', id: deliveredId, status: 'DELIVERED', deliveryStatus: 'DELIVERED' };

test('README shows what runs here', () => {
  const readme = readFileSync('README.md', 'utf8');
  for (const file of ['supergraph.ts', 'compose-supergraph.ts'])
    expect(readme, file).toContain(`\`\`\`ts\n${readFileSync(`test/clients/${file}`, 'utf8')}\`\`\``);
  expect(readme).toContain(`\`\`\`graphqls${ORDERS}\`\`\``);
});

test("README's lines compose what runs, start a router before it, and say what does not fit", async () => {
  const sandbox = await startTestGateway({ environment: { FEDERATION: 'on' } });
  onTestFinished(() => sandbox.stop());
  const orders = await startOrders(INVITATIONS);
  onTestFinished(orders.stop);
  const subgraphs = { invitations: `${sandbox.origin}/graphql`, orders: orders.url };
  const router = await startRouter(await composeSupergraph(subgraphs), await freePort());
  onTestFinished(router.stop);
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(router.url, { method: 'POST', headers, body: JSON.stringify({ query: PAGE }) });
  const { data } = (await answer.json()) as { data: { orders: { invitation: unknown }[] } };
  expect(data.orders.map(({ invitation }) => invitation)).toEqual([SENT, ACCEPTED, DELIVERED, null, SENT]);

  await expect(composeSupergraph({ orders: orders.url })).rejects.toThrow('Invitation');
  const plain = await startTestGateway();
  onTestFinished(() => plain.stop());
  await expect(composeSupergraph({ invitations: `${plain.origin}/graphql` })).rejects.toThrow(
    /^invitations does not say what it has: .*_service/,
  );
});

// Apollo Router is no package of npm: its configuration is compared with its documentation alone.
test('README has Apollo Router send on the header of the token, and keep no error to itself', () => {
  const [, yaml = ''] = /^```yaml\n(headers:[\s\S]*?)^```/m.exec(readFileSync('README.md', 'utf8')) ?? [];
  expect(parse(yaml)).toEqual({
    headers: { subgraphs: { invitations: { request: [{ propagate: { named: 'authorization' } }] } } },
    include_subgraph_errors: { subgraphs: { invitations: true } },
  });
});

describe.each(composers)('in a supergraph of $name', ({ compose }) => {
  let gateway: TestGateway;
  let ordersTokens: readonly (string | undefined)[];
  let ask: (
    query: string,
    authorization?: string,
  ) => Promise<{
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever its query asked for
    data: any;
    errors?: readonly { message: string; path?: readonly unknown[]; extensions: Record<string, unknown> }[];
  }>;
  beforeEach(async () => {
    gateway = await startSigned({ FEDERATION: 'on' });
    const orders = await startOrders(INVITATIONS);
    onTestFinished(orders.stop);
    ordersTokens = orders.tokens;
    const { supergraphSdl = '', errors } = compose([
      {
        name: 'invitations',
        url: `${gateway.origin}/graphql`,
        sdl: await sdlOf(gateway.origin, bearer({ sub: 'router' })),
      },
      { name: 'orders', url: orders.url, sdl: ORDERS },
    ]);
    expect(errors ?? []).toEqual([]);
    const router = await startRouter(supergraphSdl, await freePort());
    onTestFinished(router.stop);
    ask = async (query, authorization) => {
      const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
      return (await fetch(router.url, { method: 'POST', headers, body: JSON.stringify({ query }) })).json();
    };
    gateway.takeCalls();
  });

  const invitationsOf = ({ data }: { data: { orders: { invitation: unknown }[] } }) =>
    data.orders.map(({ invitation }) => invitation);

  test('one query gives both sides, each invitation read once', async () => {
    const answer = await ask(PAGE, bearer());
    expect(answer.errors).toBeUndefined();
    expect(answer.data.orders.map(({ id }: { id: string }) => id)).toEqual(['1', '2', '3', '4', '5']);
    expect(invitationsOf(answer)).toEqual([SENT, ACCEPTED, DELIVERED, null, SENT]);
    const { partoo, cronofy } = gateway.takeCalls();
    expect([partoo.length, cronofy.length]).toEqual([3, 1]);
  });

  test('what another subgraph adds to invitations is had of those that are asked for here', async () => {
    const query = `{ invitations(refs: [{ id: "${sentId}" }, { id: "${deliveredId}" }]) { status order { id } } }`;
    const answer = await ask(query, bearer());
    expect(answer).toEqual({
      data: {
        invitations: [
          { status: 'PENDING', order: { id: '1' } },
          { status: 'DELIVERED', order: { id: '3' } },
        ],
      },
    });
  });

  test("the caller's token arrives, and what it does not grant is null", async () => {
    const token = bearer({ sub: 'ann', invitations: { review: ['review-delivered'] } });
    const answer = await ask(PAGE, token);
    expect(answer.errors).toBeUndefined();
    expect(invitationsOf(answer)).toEqual([null, null, DELIVERED, null, null]);
    expect(gateway.takeCalls().cronofy).toEqual([]);
    expect(new Set(ordersTokens)).toEqual(new Set([token]));
  });

  test('without a token the orders are there, and their invitations are not', async () => {
    const answer = await ask(PAGE);
    expect(answer.data.orders).toHaveLength(5);
    expect(invitationsOf(answer)).toEqual([null, null, null, null, null]);
    expect(answer.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  test('an invitation that fails leaves its siblings whole, and its error has its place and its code', async () => {
    gateway.sandbox.partoo.misbehave({ status: 503, match: 'review-delivered' });
    const answer = await ask(PAGE, bearer());
    expect(invitationsOf(answer)).toEqual([SENT, ACCEPTED, null, null, SENT]);
    expect(answer.errors).toHaveLength(1);
    expect(answer.errors?.[0]).toMatchObject({
      path: ['orders', 2, 'invitation'],
      extensions: { code: 'PROVIDER_UNAVAILABLE', provider: 'PARTOO', retryable: true },
    });
  });
});
