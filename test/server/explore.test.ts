// What needs the scope `explore`: the schema itself, documents beside the list of trusted ones, and `providers`. Each is
// asked of the viewer when an operation runs, by every door, however often the document was run before by others.

import { beforeAll, describe, expect, test } from 'vitest';
import { globalIdOf } from '../../src/invitation/ref.ts';
import { bearer, SECRET } from '../access/tokens.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { reviewInvitationRef } from '../refs.ts';
import { DOORS, type Door, POST } from './doors.ts';
import { startSigned } from './signed.ts';
import { fileOf, hashOf, relay, startWith } from './trusted-list.ts';

const GRANTED = { review: ['review-sent'] };
const page = () => bearer({ sub: 'page', invitations: GRANTED });
const explorer = () => bearer({ sub: 'explorer', invitations: GRANTED, scope: 'openid explore' });
const staff = () => bearer({ sub: 'staff' });

const TIMES = [1, 2, 3];

const TYPE = '__type(name: "Query") { name }';
const INTROSPECTIONS = [
  '{ __schema { queryType { name } } }',
  `{ ${TYPE} }`,
  `{ harmless: ${TYPE} }`,
  `{ __typename ${TYPE} reviewInvitation(invitationId: "review-sent") { status } }`,
  `{ ... on Query { ${TYPE} } }`,
  `{ ...Outer } fragment Outer on Query { ...Inner } fragment Inner on Query { ${TYPE} }`,
  `query($no: Boolean = false) { ... @include(if: $no) { ${TYPE} } }`,
];

const SDL = '_service { sdl }';
/** What a router composes of, wherever it is asked for. */
const OF_SUBGRAPH = [
  `{ ${SDL} }`,
  '{ _service { __typename } }',
  `{ harmless: ${SDL} }`,
  `{ __typename ${SDL} reviewInvitation(invitationId: "review-sent") { status } }`,
  `{ ...Outer } fragment Outer on Query { ...Inner } fragment Inner on Query { ${SDL} }`,
  `query($no: Boolean = false) { ... @include(if: $no) { ${SDL} } }`,
];

/** The answer has no data: with the status of one that may not be had, where that is told by the status. */
function expectForbidden(door: Door, { status, body }: Awaited<ReturnType<Door['ask']>>): void {
  expect(body).toEqual({
    errors: [{ message: expect.any(String), extensions: { code: 'FORBIDDEN', retryable: false } }],
  });
  expect(status).toBe(door.name.endsWith('graphql-response+json') ? 403 : 200);
}

describe.each([
  { of: 'a gateway alone', environment: {}, documents: INTROSPECTIONS },
  { of: 'a subgraph', environment: { FEDERATION: 'on' }, documents: [...INTROSPECTIONS, ...OF_SUBGRAPH] },
])('introspection of $of', ({ environment, documents }) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ environment: { AUTH_JWT_SECRET: SECRET, ...environment } });
    return () => gateway.stop();
  });

  test.each(DOORS)('needs the scope, by $name', async (door) => {
    for (const query of documents) {
      for (const _ of TIMES) {
        expect((await door.ask(gateway.origin, explorer(), { query })).body.errors).toBeUndefined();
        const refused = await door.ask(gateway.origin, page(), { query });
        expectForbidden(door, refused);
        expect(refused.body.errors[0].message).toContain('explore');
      }
      expect((await door.ask(gateway.origin, staff(), { query })).body.errors).toBeUndefined();
    }
    expect(gateway.takeCalls().cronofy).toEqual([]);
  });

  test.each(DOORS)('needs it also where the document has other operations, by $name', async (door) => {
    const query = `query Plain { __typename } query Told { ${TYPE} }`;
    expectForbidden(door, await door.ask(gateway.origin, page(), { query, operationName: 'Told' }));
    const plain = await door.ask(gateway.origin, page(), { query, operationName: 'Plain' });
    expect(plain.body).toEqual({ data: { __typename: 'Query' } });
  });

  test.each(DOORS)('is not what __typename is, by $name', async (door) => {
    const query = '{ __typename reviewInvitation(invitationId: "review-sent") { __typename } }';
    for (const _ of TIMES) {
      const { body } = await door.ask(gateway.origin, page(), { query });
      expect(body).toEqual({ data: { __typename: 'Query', reviewInvitation: { __typename: 'ReviewInvitation' } } });
    }
  });

  test.each(DOORS)('is for no one where INTROSPECTION is off, by $name', async (door) => {
    const { origin } = await startSigned({ INTROSPECTION: 'off', ...environment });
    for (const authorization of [staff(), explorer(), page()]) {
      for (const query of documents) expectForbidden(door, await door.ask(origin, authorization, { query }));
    }
  });
});

describe('`providers`', () => {
  test.each(DOORS)('needs the scope, by $name', async ({ ask }) => {
    const { origin } = await startSigned();
    const query = '{ providers { provider } reviewInvitation(invitationId: "review-sent") { status } }';
    for (const _ of TIMES) {
      for (const authorization of [explorer(), staff()]) {
        const { body } = await ask(origin, authorization, { query });
        expect(body).toMatchObject({ data: { providers: [{}, {}], reviewInvitation: { status: 'PENDING' } } });
      }
      expect((await ask(origin, page(), { query })).body).toMatchObject({
        data: null,
        errors: [
          { message: expect.stringContaining('explore'), path: ['providers'], extensions: { code: 'FORBIDDEN' } },
        ],
      });
    }
  });
});

test.each(DOORS)('the limits of documents hold for every viewer, by $name', async ({ ask }) => {
  const { origin } = await startSigned();
  const deep = `${'{ a '.repeat(25)}${'}'.repeat(25)}`;
  for (const authorization of [page(), staff()]) {
    const { body } = await ask(origin, authorization, { query: deep });
    const message = expect.stringContaining('25 fields deep');
    expect(body).toEqual({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT', retryable: false } }] });
  }
});

describe('where there is a list of documents', () => {
  const LISTED = 'query Listed { reviewInvitation(invitationId: "review-sent") { status } }';
  const SCHEMA = `query Schema { ${TYPE} }`;
  const OTHER = 'query Other { reviewInvitation(invitationId: "review-sent") { id } }';
  const ids = { [LISTED]: hashOf('md5', LISTED), [SCHEMA]: hashOf('md5', SCHEMA) };
  const byHash = { extensions: { persistedQuery: { version: 1, sha256Hash: hashOf('sha256', OTHER) } } };
  const codeOf = ({ body }: Awaited<ReturnType<Door['ask']>>) => body.errors?.[0].extensions.code;

  const start = () => startSigned({ TRUSTED_DOCUMENTS: fileOf(relay([LISTED, SCHEMA])) });

  test.each(DOORS)('others need the scope, whatever was run before, by $name', async ({ ask }) => {
    const { origin } = await start();
    for (const _ of TIMES) {
      expect(codeOf(await ask(origin, page(), { query: OTHER }))).toBe('PERSISTED_QUERY_NOT_IN_LIST');
      expect(codeOf(await ask(origin, page(), byHash))).toBe('PERSISTED_QUERY_NOT_IN_LIST');
      expect(codeOf(await ask(origin, page(), { query: OTHER, ...byHash }))).toBe('PERSISTED_QUERY_NOT_SUPPORTED');
      const told = { data: { reviewInvitation: { id: expect.any(String) } } };
      expect((await ask(origin, explorer(), { query: OTHER })).body).toEqual(told);
      // From here on it is registered.
      expect((await ask(origin, explorer(), { query: OTHER, ...byHash })).body).toEqual(told);
      expect((await ask(origin, explorer(), byHash)).body).toEqual(told);
      expect((await ask(origin, staff(), byHash)).body).toEqual(told);
    }
  });

  test.each(DOORS)('those in it need none, by $name', async ({ ask }) => {
    const { origin } = await start();
    for (const authorization of [page(), explorer()]) {
      for (const payload of [{ query: LISTED }, { documentId: ids[LISTED] }]) {
        const { body } = await ask(origin, authorization, payload);
        expect(body).toEqual({ data: { reviewInvitation: { status: 'PENDING' } } });
      }
    }
  });

  test.each(DOORS)('introspection that stands in it needs the scope, by $name', async (door) => {
    const { origin } = await start();
    for (const payload of [{ query: SCHEMA }, { documentId: ids[SCHEMA] }]) {
      expect((await door.ask(origin, explorer(), payload)).body).toEqual({ data: { __type: { name: 'Query' } } });
      expectForbidden(door, await door.ask(origin, page(), payload));
    }
  });

  test.each(DOORS)('a router needs the scope, by $name', async ({ ask }) => {
    const { origin } = await startSigned({ FEDERATION: 'on', TRUSTED_DOCUMENTS: fileOf(relay([LISTED])) });
    const id = globalIdOf(reviewInvitationRef('review-sent'));
    const entities = {
      query:
        'query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Invitation { id } } }',
      variables: { representations: [{ __typename: 'Invitation', id }] },
    };
    const service = { query: `{ ${SDL} }` };
    for (const _ of TIMES) {
      for (const payload of [entities, service]) {
        expect(codeOf(await ask(origin, page(), payload))).toBe('PERSISTED_QUERY_NOT_IN_LIST');
      }
      expect((await ask(origin, explorer(), entities)).body).toEqual({ data: { _entities: [{ id }] } });
      expect((await ask(origin, explorer(), service)).body.errors).toBeUndefined();
    }
  });

  test('no caller without a token composes of it, also where GraphiQL may ask for the schema', async () => {
    const { origin } = await startWith(relay([LISTED]), { FEDERATION: 'on', GRAPHIQL: 'on' });
    const ask = (query: string) => POST.ask(origin, undefined, { query });
    expect(codeOf(await ask(`{ ${SDL} }`))).toBe('PERSISTED_QUERY_NOT_IN_LIST');
    expect((await ask(`{ ${TYPE} }`)).body.errors).toBeUndefined();
  });

  test('a hash that is unknown is asked for from those alone who may send its text', async () => {
    const { origin } = await start();
    const { ask } = POST;
    expect(codeOf(await ask(origin, explorer(), byHash))).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(codeOf(await ask(origin, page(), byHash))).toBe('PERSISTED_QUERY_NOT_IN_LIST');
  });

  test('limits hold for documents that are not in it', async () => {
    const { origin } = await start();
    const { ask } = POST;
    expect(codeOf(await ask(origin, page(), { query: 'x'.repeat(50_000) }))).toBe('PERSISTED_QUERY_NOT_IN_LIST');
    const aliases = Array.from({ length: 2_500 }, (_, n) => `a${n}: __typename`).join(' ');
    expect((await ask(origin, explorer(), { query: `{ ${aliases} }` })).body.errors[0].message).toMatch(/tokens/);
  });
});
