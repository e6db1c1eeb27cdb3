// The thirteen checks of graphql-cop (1.x, its lib/tests/), as it sends them, to a gateway with the settings of production:
// what is answered to a caller whose token may do most, and that strangers learn nothing. Where it would report a finding
// (aliases, a list of answers, GET), the row says why that is none.

import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bearer, SECRET } from '../access/tokens.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { type RawAnswer, rawRequest } from './raw-request.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    environment: { AUTH_JWT_SECRET: SECRET, INTROSPECTION: 'off', GRAPHIQL: 'off' },
  });
  return () => gateway.stop();
});
afterEach(() => expect(gateway.takeCalls()).toEqual({ partoo: [], cronofy: [] }));

interface Check {
  readonly title: string;
  /** What it sends; a POST of JSON unless it says otherwise. */
  readonly send: (more: Readonly<Record<string, string>>) => Promise<RawAnswer>;
  readonly status: number;
  readonly answer: unknown;
  /** To a caller without a token: 401, unless it is this, with the same answer. */
  readonly stranger?: 406;
}

const url = (search = '') => `${gateway.origin}/graphql${search}`;
const post =
  (body: unknown): Check['send'] =>
  (more) =>
    rawRequest(url(), { accept: '*/*', 'content-type': 'application/json', ...more }, 'POST', JSON.stringify(body));
const query = (text: string) => post({ query: text, operationName: 'cop' });
const get =
  (text: string): Check['send'] =>
  (more) =>
    rawRequest(url(`?${new URLSearchParams({ query: text })}`), { accept: '*/*', ...more });

const TYPENAME = { data: { __typename: 'Query' } };
/** Neither a trace nor an exception is in it. */
const refused = (message: RegExp, code = 'BAD_USER_INPUT') => ({
  errors: [
    expect.objectContaining({ message: expect.stringMatching(message), extensions: { code, retryable: false } }),
  ],
});

const ALIASES = Array.from({ length: 101 }, (_, n) => `alias${n}`);
const CIRCLE = `${'fields { type { '.repeat(4)}name${' } }'.repeat(4)}`;

const CHECKS: readonly Check[] = [
  {
    // Each is counted as a field, and a document has 2,000 tokens: document-limits.test.ts.
    title: 'Alias Overloading',
    send: query(`query cop { ${ALIASES.map((alias) => `${alias}:__typename \n`).join('')} }`),
    status: 200,
    answer: { data: Object.fromEntries(ALIASES.map((alias) => [alias, 'Query'])) },
  },
  {
    // None of them is run.
    title: 'Array-based Query Batching',
    send: post(Array(10).fill({ query: 'query cop { __typename }' })),
    status: 200,
    answer: Array(10).fill(refused(/^Batching is off/)),
  },
  {
    title: 'Introspection-based Circular Query',
    send: query(`query cop { __schema { types { ${CIRCLE} } } }`),
    status: 200,
    answer: refused(/100000 is the most/),
  },
  {
    title: 'Directive Overloading',
    send: query(`query cop { __typename ${'@aa'.repeat(10)} }`),
    status: 200,
    answer: refused(/@aa/),
  },
  {
    title: 'Field Duplication',
    send: query(`query cop { ${'__typename \n'.repeat(500)}} `),
    status: 200,
    answer: TYPENAME,
  },
  {
    title: 'Field Suggestions',
    send: query('query cop { __schema { directive } }'),
    status: 200,
    answer: refused(/^(?!.*Did you mean)/),
  },
  {
    title: 'Mutation is allowed over GET (possible CSRF)',
    send: get('mutation cop {__typename}'),
    status: 200,
    answer: refused(/mutation/),
  },
  {
    // There is nothing but to read, and no page of another site can: cross-site.test.ts.
    title: 'GET Method Query Support',
    send: get('query cop {__typename}'),
    status: 200,
    answer: TYPENAME,
  },
  {
    // Whoever asks for a page is told that there is none, with and without a token.
    title: 'GraphQL IDE',
    send: (more) => rawRequest(url(), { ...more, accept: 'text/html' }),
    status: 406,
    answer: refused(/^(?!.*(graphiql|playground))/i),
    stranger: 406,
  },
  {
    title: 'Introspection',
    send: query('query cop { __schema { types { name fields { name } } } }'),
    status: 200,
    answer: refused(/INTROSPECTION/, 'FORBIDDEN'),
  },
  {
    title: 'POST based url-encoded query (possible CSRF)',
    send: (more) =>
      rawRequest(
        url(),
        { accept: '*/*', 'content-type': 'application/x-www-form-urlencoded', ...more },
        'POST',
        String(new URLSearchParams({ query: 'query cop { __typename }' })),
      ),
    status: 415,
    answer: refused(/./),
  },
  { title: 'Trace Mode', send: query('query cop { __typename }'), status: 200, answer: TYPENAME },
  { title: 'Unhandled Errors Detection', send: query('qwerty cop { abc }'), status: 200, answer: refused(/./) },
];

test('there are thirteen', () => {
  expect(new Set(CHECKS.map(({ title }) => title)).size).toBe(13);
});

const UNAUTHENTICATED = {
  errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED', retryable: false } }],
};

describe.each(CHECKS)('$title', ({ send, status, answer, stranger }) => {
  test('is answered by what is allowed, to a caller with a token', async () => {
    const got = await send({ authorization: bearer() });
    expect([got.status, JSON.parse(got.body.toString())]).toEqual([status, answer]);
  });

  test('tells a stranger nothing', async () => {
    const got = await send({});
    const wanted = stranger === undefined ? [401, UNAUTHENTICATED] : [stranger, answer];
    expect([got.status, JSON.parse(got.body.toString())]).toEqual(wanted);
  });
});
