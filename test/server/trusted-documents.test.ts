// A gateway that is given a list of documents runs those and no others, by whatever a client names them with and over
// every transport.

import { getIntrospectionQuery } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { describe, expect, onTestFinished, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { graphiqlTabs } from '../../src/server/graphiql.ts';
import { openSocket } from './socket-client.ts';
import { apollo, FORMS, hashOf, relay, startWith } from './trusted-list.ts';

const REVIEW = 'query Review($id: ID!) { reviewInvitation(invitationId: $id) { status } }';
const LIVE =
  'subscription Live { invitationChanged(refs: [{ reviewInvitation: { invitationId: "review-delivered" } }]) { status } }';
const TWO = 'query One { __typename } query Two { providers { isConfigured } }';
const LISTED = [REVIEW, LIVE, TWO];
const variables = { id: 'review-sent' };
const ANSWER = { data: { reviewInvitation: { status: 'PENDING' } } };

type Ask = (origin: string, payload: object) => Promise<unknown>;

const TRANSPORTS: readonly [name: string, ask: Ask][] = [
  [
    'POST',
    async (origin, payload) => {
      const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
      return (await fetch(`${origin}/graphql`, { method: 'POST', headers, body: JSON.stringify(payload) })).json();
    },
  ],
  [
    'GET',
    async (origin, payload) => {
      const search = Object.entries(payload).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]);
      return (await fetch(`${origin}/graphql?${new URLSearchParams(search)}`)).json();
    },
  ],
  [
    'Server-Sent Events',
    (origin, payload) => {
      const client = createSseClient({ url: `${origin}/graphql`, retryAttempts: 0 });
      onTestFinished(client.dispose);
      return new Promise((resolve, reject) => {
        client.subscribe(payload as never, { next: resolve, error: reject, complete: () => undefined });
      });
    },
  ],
  [
    'a WebSocket',
    async (origin, payload) => {
      const { subscribe, outcomeOf } = await openSocket(origin);
      subscribe('1', payload);
      const [outcome] = await outcomeOf('1');
      return outcome?.type === 'error' ? { errors: outcome.payload } : outcome?.payload;
    },
  ],
];

const byHash = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });
const refused = (code: string) => ({
  errors: [{ message: expect.any(String), extensions: { code, retryable: false } }],
});
const NOT_IN_LIST = refused('PERSISTED_QUERY_NOT_IN_LIST');
const NOT_SUPPORTED = {
  errors: [
    { message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED', retryable: false } },
  ],
};

describe.each(FORMS)('a list of trusted documents in the form of %s', (_, manifest, idOf) => {
  test.each(TRANSPORTS)('allows its operations by id, by hash and by text, over %s', async (_, ask) => {
    const { origin } = await startWith(manifest(LISTED));
    for (const _ of [1, 2, 3]) {
      expect(await ask(origin, { variables, documentId: idOf(REVIEW) })).toEqual(ANSWER);
      expect(await ask(origin, { variables, ...byHash(idOf(REVIEW)) })).toEqual(ANSWER);
      expect(await ask(origin, { variables, ...byHash(hashOf('sha256', REVIEW)) })).toEqual(ANSWER);
      expect(await ask(origin, { variables, query: REVIEW })).toEqual(ANSWER);
      expect(await ask(origin, { variables, query: REVIEW, ...byHash(idOf(REVIEW)) })).toEqual(ANSWER);
      expect(await ask(origin, { documentId: idOf(TWO), operationName: 'One' })).toEqual({
        data: { __typename: 'Query' },
      });
    }
    if (ask === TRANSPORTS[2]?.[1] || ask === TRANSPORTS[3]?.[1]) {
      const told = { data: { invitationChanged: { status: 'DELIVERED' } } };
      expect(await ask(origin, { documentId: idOf(LIVE) })).toEqual(told);
      expect(await ask(origin, { query: LIVE })).toEqual(told);
    }
  });

  test.each(TRANSPORTS)('refuses an id and a text that do not name one document, over %s', async (_, ask) => {
    const { origin, takeCalls } = await startWith(manifest(LISTED));
    takeCalls();
    const pairs = [
      [TWO, idOf(REVIEW)],
      [REVIEW, idOf(TWO)],
      [REVIEW, hashOf('sha256', '{ __typename }')],
      ['{ __typename }', idOf(REVIEW)],
    ] as const;
    for (const [query, id] of pairs) {
      for (const _ of [1, 2, 3]) {
        expect(await ask(origin, { variables, query, ...byHash(id) })).toEqual(refused('BAD_USER_INPUT'));
      }
    }
    expect(takeCalls()).toEqual({ partoo: [], cronofy: [] });
  });

  test.each(TRANSPORTS)('allows no other operation, over %s', async (_, ask) => {
    const { origin, takeCalls, log } = await startWith(manifest(LISTED));
    const others = [
      '{ __typename }',
      `${REVIEW} `,
      `${REVIEW}#`,
      '{ nothing }',
      '{',
      getIntrospectionQuery(),
      'x'.repeat(5_000),
    ];
    for (const query of others) {
      for (const _ of [1, 2, 3]) expect(await ask(origin, { variables, query })).toEqual(NOT_IN_LIST);
      expect(await ask(origin, { variables, query, ...byHash(hashOf('sha256', query)) })).toEqual(NOT_SUPPORTED);
      expect(await ask(origin, { variables, ...byHash(hashOf('sha256', query)) })).toEqual(NOT_IN_LIST);
    }
    for (const id of [
      'constructor',
      '__proto__',
      'toString',
      REVIEW.slice(0, 200),
      idOf(REVIEW).toUpperCase(),
      'graphiql-tab-1',
    ]) {
      expect(await ask(origin, { variables, documentId: id })).toEqual(NOT_IN_LIST);
      expect(await ask(origin, { variables, ...byHash(id) })).toEqual(NOT_IN_LIST);
    }
    expect(takeCalls()).toEqual({ partoo: [], cronofy: [] });
    expect(log).toEqual([]);
  });
});

test('an operation that is not in the list gets status 200, as clients of persisted queries expect', async () => {
  const { origin } = await startWith(relay(LISTED));
  for (const accept of ['application/json', 'application/graphql-response+json']) {
    const headers = { 'content-type': 'application/json', accept };
    const body = JSON.stringify({ query: '{ __typename }' });
    expect((await fetch(`${origin}/graphql`, { method: 'POST', headers, body })).status).toBe(200);
  }
});

test('a document in the list may exceed the size limit, and its variables are checked', async () => {
  const aliases = Array.from({ length: 1_500 }, (_, n) => `a${n}: status`).join(' ');
  const large = `query Large($refs: [InvitationRef!]!) { invitations(refs: $refs) { ${aliases} } }`;
  const { origin } = await startWith(relay([large]));
  const ask = (refs: unknown) => TRANSPORTS[0]?.[1](origin, { query: large, variables: { refs } });
  const ref = { reviewInvitation: { invitationId: 'review-sent' } };
  for (const _ of [1, 2, 3]) {
    expect(await ask(Array(100).fill(ref))).toMatchObject({ data: { invitations: { length: 100 } } });
    expect(await ask([{ id: 2 ** 60 }])).toEqual({
      errors: [expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT', retryable: false } })],
    });
    expect(await ask(Array(101).fill(ref))).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  }
});

test('a document may stand in the list twice', async () => {
  const { origin } = await startWith(apollo([REVIEW, REVIEW]));
  expect(await TRANSPORTS[0]?.[1](origin, { query: REVIEW, variables })).toEqual(ANSWER);
});

describe('GraphiQL beside a list', () => {
  const page = (origin: string) => fetch(`${origin}/graphql`, { headers: { accept: 'text/html' } });
  const post: Ask = (origin, payload) => TRANSPORTS[0]?.[1](origin, payload) ?? Promise.reject();

  test('is off by default', async () => {
    const { origin } = await startWith(apollo(LISTED));
    const response = await page(origin);
    expect(response.status).toBe(406);
    expect(response.headers.get('content-type')).toMatch(/json/);
    for (const { query } of graphiqlTabs(schema)) expect(await post(origin, { query })).toEqual(NOT_IN_LIST);
  });

  test('takes no name from the list', async () => {
    const list = { 'graphiql-tab-1': REVIEW, 'graphiql-tab-2': TWO };
    const { origin } = await startWith(list, { GRAPHIQL: 'on' });
    expect(await post(origin, { documentId: 'graphiql-tab-1', variables })).toEqual(ANSWER);
    expect(await post(origin, { documentId: 'graphiql-tab-2', operationName: 'One' })).toEqual({
      data: { __typename: 'Query' },
    });
  });

  test('that is turned on allows its tabs and its introspection, and nothing more', async () => {
    const { origin, sandbox } = await startWith(apollo(LISTED), { GRAPHIQL: 'on' });
    const response = await page(origin);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    for (const { query } of graphiqlTabs(schema, sandbox.examples)) {
      // Some are for events alone, and some want variables.
      expect(await post(origin, { query })).not.toEqual(NOT_IN_LIST);
    }
    for (const _ of [1, 2, 3]) {
      const schema = await post(origin, { query: getIntrospectionQuery(), operationName: 'IntrospectionQuery' });
      expect(schema).toMatchObject({ data: { __schema: { queryType: { name: 'Query' } } } });
      expect(await post(origin, { query: REVIEW, variables })).toEqual(ANSWER);
    }
    const others = [
      '{ providers { isConfigured } }',
      '{ __typename providers { isConfigured } }',
      '{ ... on Query { __typename providers { isConfigured } } }',
      '{ ...F } fragment F on Query { __schema { description } providers { isConfigured } }',
      'query A { __typename } query B { providers { isConfigured } }',
      'subscription { invitationChanged(refs: [{ id: "a" }]) { id } }',
      '{ __typename: providers { isConfigured } }',
    ];
    for (const query of others) {
      for (const _ of [1, 2, 3]) expect(await post(origin, { query })).toEqual(NOT_IN_LIST);
    }
  });
});
