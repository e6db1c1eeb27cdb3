// Persisted queries as the clients' own packages send them: Apollo Client's PersistedQueryLink and urql's persistedExchange,
// with hashes that the gateway learns (automatic), and where it runs the documents of a list alone.

import { createHash } from 'node:crypto';
import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client/core/index.js';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries/index.js';
import { Client, createRequest, fetchExchange, stringifyDocument } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { print } from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bearer } from '../access/tokens.ts';
import { startTestGateway } from '../harness.ts';
import { startSigned } from '../server/signed.ts';
import { apollo, fileOf } from '../server/trusted-list.ts';

const QUERY = 'query Review($id: ID!) { reviewInvitation(invitationId: $id) { status } }';
const OTHER = 'query Other($id: ID!) { reviewInvitation(invitationId: $id) { rawStatus } }';
const VARIABLES = { id: 'review-sent' };

interface Page {
  /** The answer's data, or the codes of its errors. */
  ask(query: string): Promise<unknown>;
  /** What was sent so far. */
  readonly sent: readonly string[];
}

interface PageOptions {
  readonly origin: string;
  readonly byGet: boolean;
  readonly authorization?: string;
}

/** A fetch that notes whether a text or a hash was sent, or both. */
function recorder(authorization = '') {
  const sent: string[] = [];
  const recording: typeof fetch = (input, init) => {
    const body = typeof init?.body === 'string' ? JSON.parse(init.body) : {};
    const parameters = new URL(String(input)).searchParams;
    const query = body.query ?? parameters.get('query');
    const extensions = body.extensions ?? JSON.parse(parameters.get('extensions') ?? '{}');
    const parts = [query && 'text', extensions.persistedQuery && 'hash'].filter(Boolean);
    sent.push(`${init?.method} ${parts.join(' and ')}`);
    return fetch(input, init);
  };
  return { sent, recording, headers: authorization === '' ? {} : { authorization } };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function apolloPage({ origin, byGet, authorization }: PageOptions): Page {
  const { sent, recording, headers } = recorder(authorization);
  const client = new ApolloClient({
    link: new PersistedQueryLink({ sha256, useGETForHashedQueries: byGet }).concat(
      new HttpLink({ uri: `${origin}/graphql`, fetch: recording, headers }),
    ),
    cache: new InMemoryCache(),
  });
  onTestFinished(() => client.stop());
  return {
    sent,
    ask: (query) =>
      client.query({ query: gql(query), variables: VARIABLES, fetchPolicy: 'no-cache' }).then(
        ({ data, error }) => error ?? data,
        (error: unknown) => {
          if (!CombinedGraphQLErrors.is(error)) throw error;
          return error.errors.map(({ extensions }) => extensions?.code);
        },
      ),
  };
}

function urqlPage({ origin, byGet, authorization }: PageOptions): Page {
  const { sent, recording, headers } = recorder(authorization);
  const client = new Client({
    url: `${origin}/graphql`,
    preferGetMethod: false,
    fetch: recording,
    fetchOptions: { headers },
    exchanges: [persistedExchange({ preferGetForPersistedQueries: byGet }), fetchExchange],
  });
  return {
    sent,
    async ask(query) {
      const { data, error } = await client.query(query, VARIABLES, { requestPolicy: 'network-only' }).toPromise();
      return error?.graphQLErrors.map(({ extensions }) => extensions.code) ?? data;
    },
  };
}

interface Case {
  readonly name: string;
  open(options: PageOptions): Page;
  /** A document as the client sends it: what its build tool puts into the list. */
  printed(text: string): string;
  /** How it sends a text with its hash where it sends hashes by GET. */
  readonly registersBy: string;
}

const CLIENTS: readonly Case[] = [
  {
    name: 'Apollo Client',
    open: apolloPage,
    printed: (text) => print(new InMemoryCache().transformDocument(gql(text))),
    registersBy: 'POST',
  },
  {
    name: 'urql',
    open: urqlPage,
    printed: (text) => stringifyDocument(createRequest(text, {}).query),
    registersBy: 'GET',
  },
];

const WAYS = [
  { byGet: false, method: 'POST' },
  { byGet: true, method: 'GET' },
] as const;

const PENDING = { reviewInvitation: { status: 'PENDING' } };

describe.each(CLIENTS)('$name', ({ open, printed, registersBy }) => {
  test.each(WAYS)('sends a text once, and then only its hash; by GET: $byGet', async ({ byGet, method }) => {
    const { origin, stop } = await startTestGateway();
    onTestFinished(stop);
    const { ask, sent } = open({ origin, byGet });
    for (const _ of [1, 2]) expect(await ask(QUERY)).toMatchObject(PENDING);
    expect(sent).toEqual([`${method} hash`, `${byGet ? registersBy : 'POST'} text and hash`, `${method} hash`]);
  });

  describe.each(WAYS)('where the gateway runs the documents of a list; by GET: $byGet', ({ byGet, method }) => {
    const start = () => startSigned({ TRUSTED_DOCUMENTS: fileOf(apollo([printed(QUERY)])) });
    const granted = { review: ['review-sent'] };

    test('sends hashes alone, and is told that a document is not in it', async () => {
      const { origin } = await start();
      const { ask, sent } = open({ origin, byGet, authorization: bearer({ invitations: granted }) });
      for (const _ of [1, 2]) {
        expect(await ask(QUERY)).toMatchObject(PENDING);
        expect(await ask(OTHER)).toEqual(['PERSISTED_QUERY_NOT_IN_LIST']);
      }
      expect(sent).toEqual(Array(4).fill(`${method} hash`));
    });

    test('registers others with the scope `explore`, which others cannot run', async () => {
      const { origin } = await start();
      const explorer = open({ origin, byGet, authorization: bearer({ invitations: granted, scope: 'explore' }) });
      for (const _ of [1, 2])
        expect(await explorer.ask(OTHER)).toMatchObject({ reviewInvitation: { rawStatus: 'SENT' } });
      expect(await explorer.ask(QUERY)).toMatchObject(PENDING);
      const registering = `${byGet ? registersBy : 'POST'} text and hash`;
      expect(explorer.sent).toEqual([`${method} hash`, registering, `${method} hash`, `${method} hash`]);
      const page = open({ origin, byGet, authorization: bearer({ invitations: granted }) });
      expect(await page.ask(OTHER)).toEqual(['PERSISTED_QUERY_NOT_IN_LIST']);
    });
  });
});
