// What a router asks this gateway for: `_entities`, which is a list of ids as `nodes` is.

import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { globalIdOf } from '../../src/invitation/ref.ts';
import type { Environment } from '../../src/settings.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';
import { DOORS, POST } from '../server/doors.ts';

const FEDERATION = { FEDERATION: 'on' };
const FIELDS = '__typename ... on Invitation { id status } ... on ReviewInvitation { deliveryStatus }';
const ENTITIES = `query Entities($representations: [_Any!]!) { _entities(representations: $representations) { ${FIELDS} } }`;
const NODES = `query Nodes($ids: [ID!]!) { nodes(ids: $ids) { ${FIELDS} } }`;

const reviewId = (id: string) => globalIdOf(reviewInvitationRef(id));
const inviteId = (id: string) => globalIdOf(smartInviteRef('US', id, null));
const review = (id: string, __typename = 'ReviewInvitation') => ({ __typename, id: reviewId(id) });
const invite = (id: string, __typename = 'SmartInvite') => ({ __typename, id: inviteId(id) });

const SENT = { __typename: 'ReviewInvitation', id: reviewId('review-sent'), status: 'PENDING', deliveryStatus: 'SENT' };
const NO_ID = expect.stringContaining('no global id');
const NO_ENTITY = expect.stringContaining('no entity of this gateway');

async function start(environment: Environment = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ environment: { ...FEDERATION, ...environment } });
  onTestFinished(() => gateway.stop());
  return gateway;
}

describe.each(DOORS)('by $name', ({ ask }) => {
  test('gives invitations of every kind in the order asked, by their own type and by the interface', async () => {
    const { origin, takeCalls } = await start();
    const representations = [
      invite('invite-accepted'),
      review('review-sent'),
      review('review-sent', 'Invitation'),
      review('no-such-review'),
      review('review-sent'),
      // An id of another type is no id of this one.
      invite('invite-pending', 'ReviewInvitation'),
    ];
    const { body } = await ask(origin, undefined, { query: ENTITIES, variables: { representations } });
    expect(body.errors).toBeUndefined();
    const [accepted, ...others] = body.data._entities;
    expect(accepted).toMatchObject({ __typename: 'SmartInvite', status: 'ACCEPTED' });
    expect(others).toEqual([SENT, SENT, null, SENT, null]);
    const { partoo, cronofy } = takeCalls();
    expect([partoo.length, cronofy.length]).toEqual([2, 1]);
  });

  test('gives an error in the place of what is no id and of what fails, and the others are answered', async () => {
    const { origin, sandbox } = await start();
    sandbox.partoo.misbehave({ status: 503, match: 'review-created' });
    const representations = [
      review('review-sent'),
      { __typename: 'ReviewInvitation', id: 'review-sent' },
      review('review-created'),
      { __typename: 'Order', id: reviewId('review-sent') },
      review('review-sent'),
    ];
    const { body } = await ask(origin, undefined, { query: ENTITIES, variables: { representations } });
    expect(body.data._entities).toEqual([SENT, null, null, null, SENT]);
    const errors = body.errors.map((error: { path: unknown; extensions: { code: string } }) => [
      error.path,
      error.extensions.code,
    ]);
    expect(errors.toSorted()).toEqual([
      [['_entities', 1], 'BAD_USER_INPUT'],
      [['_entities', 2], 'PROVIDER_UNAVAILABLE'],
      [['_entities', 3], 'BAD_USER_INPUT'],
    ]);
  });

  test('is unknown where FEDERATION is not on', async () => {
    const gateway = await startTestGateway();
    onTestFinished(() => gateway.stop());
    const { body } = await ask(gateway.origin, undefined, { query: '{ _service { sdl } }' });
    expect(body.data).toBeUndefined();
    expect(body.errors[0].message).toBe('Cannot query field "_service" on type "Query".');
  });
});

test('a hundred are read as a page of a hundred is: the same answers, and the same calls', async () => {
  const answers = [];
  for (const asksForNodes of [true, false]) {
    const { origin, sandbox, takeCalls } = await start();
    const names = Array.from({ length: 100 }, (_, n) => `review-${n % 90}`);
    for (const invitation_id of names.slice(0, 80)) sandbox.partoo.put({ invitation_id, status: 'SENT' });
    const variables = asksForNodes
      ? { ids: names.map(reviewId) }
      : { representations: names.map((name) => review(name, 'Invitation')) };
    const { body } = await POST.ask(origin, undefined, { query: asksForNodes ? NODES : ENTITIES, variables });
    answers.push({
      given: body.data.nodes ?? body.data._entities,
      errors: body.errors,
      calls: takeCalls().partoo.toSorted(),
    });
  }
  const [page, entities] = answers;
  expect(entities).toEqual(page);
  expect(entities?.calls).toHaveLength(90);
  expect(entities?.given.filter((one: unknown) => one !== null)).toHaveLength(90);
});

test('give four megabytes in one operation at most, as pages do', async () => {
  const { origin, sandbox } = await start();
  const time = { time: '2030-05-02', tzid: 'Etc/UTC' };
  const event = { start: time, end: time, description: 'x'.repeat(200 * 1_024) };
  sandbox.cronofy.put({ smart_invite_id: 'heavy', recipients: [{ email: 'a@example.org', status: 'pending' }], event });
  const query = ENTITIES.replace(FIELDS, '... on SmartInvite { event { description } }');
  const variables = { representations: Array(40).fill(invite('heavy', 'Invitation')) };
  const { body } = await POST.ask(origin, undefined, { query, variables });
  expect(body.errors.map(({ path }: { path: unknown }) => path)).toEqual(
    Array.from({ length: 20 }, (_, n) => ['_entities', n + 20]),
  );
  expect(body.errors[0].message).toContain('4 MB');
});

test('what two fields of one operation ask for is read once', async () => {
  const { origin, takeCalls } = await start();
  const query = ENTITIES.replace('_entities', 'a: _entities').replace(
    /\}\s*$/,
    `b: _entities(representations: $representations) { ${FIELDS} } reviewInvitation(invitationId: "review-sent") { id } }`,
  );
  const { body } = await POST.ask(origin, undefined, {
    query,
    variables: { representations: [review('review-sent')] },
  });
  expect(body.data).toEqual({ a: [SENT], b: [SENT], reviewInvitation: { id: SENT.id } });
  expect(takeCalls().partoo).toHaveLength(1);
});

describe('a gateway', () => {
  let origin: string;
  beforeAll(async () => {
    const gateway = await startTestGateway({ environment: { ...FEDERATION, PARTOO_QUOTA: '2000/1s' } });
    origin = gateway.origin;
    return () => gateway.stop();
  });

  const entities = async (representations: unknown) =>
    (await POST.ask(origin, undefined, { query: ENTITIES, variables: { representations } })).body;

  /** The body as it is sent: for what JSON.stringify cannot write. */
  async function entitiesOf(representations: string) {
    const body = `{"query":${JSON.stringify(ENTITIES)},"variables":{"representations":${representations}}}`;
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${origin}/graphql`, { method: 'POST', headers, body })).json();
  }

  test.each([0, 101])('refuses %i representations', async (length) => {
    const { data, errors } = await entities(Array(length).fill(review('review-sent')));
    expect(data).toBeNull();
    expect(errors[0].message).toBe(
      `representations has ${length} entries: give 1 to 100, and ask for more in several operations.`,
    );
  });

  test('reads no more than 200 invitations in one operation, however many fields ask for them', async () => {
    const names = ['a', 'b', 'c'];
    const representations = names.map((field) =>
      Array.from({ length: field === 'c' ? 1 : 100 }, (_, n) => review(`${field}-${n}`)),
    );
    const query = `query(${names.map((name) => `$${name}: [_Any!]!`)}) {
      ${names.map((name) => `${name}: _entities(representations: $${name}) { __typename }`)} }`;
    const variables = Object.fromEntries(names.map((name, n) => [name, representations[n]]));
    const { body } = await POST.ask(origin, undefined, { query, variables });
    // So many at once may be too many for the provider, too.
    const refused = body.errors.filter(({ message }: { message: string }) => message.includes('at most 200 different'));
    expect(refused.map(({ path }: { path: unknown }) => path)).toEqual([['c', 0]]);
  });

  test('counts the fields of representations as it does those of ids', async () => {
    const aliases = Array.from({ length: 260 }, (_, n) => `a${n}: __typename`).join(' ');
    const [nodes, listed] = await Promise.all(
      [
        {
          query: `query($ids: [ID!]!) { nodes(ids: $ids) { ${aliases} } }`,
          variables: { ids: Array(100).fill(reviewId('review-sent')) },
        },
        {
          query: `query($representations: [_Any!]!) { _entities(representations: $representations) { ${aliases} } }`,
          variables: { representations: Array(100).fill(review('review-sent')) },
        },
      ].map((asked) => POST.ask(origin, undefined, asked)),
    );
    expect(listed?.body.errors[0].message).toContain('has 26001 fields');
    expect(listed?.body.errors[0].message).toBe(nodes?.body.errors[0].message);
  });

  test('takes representations that are written out, and variables in them', async () => {
    const query = `query($id: ID!, $whole: _Any!) { _entities(representations: [
      { __typename: "ReviewInvitation", id: "${SENT.id}", more: [1, { id: "x" }] }
      { __typename: "Invitation", id: $id }
      $whole
      { id: $id }
    ]) { ${FIELDS} } }`;
    const variables = { id: SENT.id, whole: review('review-sent') };
    for (const _ of [1, 2, 3]) {
      const { body } = await POST.ask(origin, undefined, { query, variables });
      expect(body.data._entities).toEqual([SENT, SENT, SENT, null]);
      expect(body.errors).toEqual([expect.objectContaining({ message: NO_ENTITY, path: ['_entities', 3] })]);
    }
  });

  const { id } = SENT;
  const __typename = 'Invitation';
  test.each<[string, unknown, unknown]>([
    ['an empty object', {}, NO_ENTITY],
    ['a number', 7, NO_ENTITY],
    ['a text', 'Invitation', NO_ENTITY],
    ['a list', [{ __typename, id }], NO_ENTITY],
    ['no type', { id }, NO_ENTITY],
    ['a type that is a list', { __typename: ['Invitation'], id }, NO_ENTITY],
    ['a type that is no entity', { __typename: 'SmartInviteEvent', id }, NO_ENTITY],
    ['a type that every object has as a property', { __typename: 'constructor', id }, NO_ENTITY],
    ['an interface that is no entity', { __typename: 'Node', id }, NO_ENTITY],
    ['no id', { __typename }, NO_ID],
    ['an id that is null', { __typename, id: null }, NO_ID],
    ['an id that is a number', { __typename, id: 12 }, NO_ID],
    ['an id that is an object with a text', { __typename, id: { toString: id } }, NO_ID],
    ['an id in a list', { __typename, id: [id] }, NO_ID],
    ['an id of 50,000 characters', { __typename, id: 'x'.repeat(50_000) }, NO_ID],
  ])('%s is an error in its place', async (_, representation, message) => {
    const { data, errors } = await entities([review('review-sent'), representation, review('review-sent')]);
    expect(data._entities).toEqual([SENT, null, SENT]);
    expect(errors).toEqual([expect.objectContaining({ message, path: ['_entities', 1] })]);
    expect(errors[0].extensions).toEqual({ code: 'BAD_USER_INPUT', retryable: false });
    // What the caller sent is never repeated.
    expect(JSON.stringify(errors)).not.toContain('xxx');
  });

  test('does not look at what a representation holds beside its type and id', async () => {
    const key = `"__typename":"Invitation","id":"${id}"`;
    const nested = (open: string, close: string) => `${open.repeat(15_000)}${close.repeat(15_000)}`;
    const keys = Array.from({ length: 5_000 }, (_, n) => `"k${n}":0`).join();
    for (const more of [
      `"more":${nested('[', ']')}`,
      `"more":${nested('{"a":', '}').replace('}', '0}')}`,
      keys,
      `"__proto__":{"id":"${id}","polluted":1},"constructor":{"prototype":{"polluted":1}}`,
      '"more":123456789012345678901234567890',
      `"more":"${'x'.repeat(60_000)}"`,
    ]) {
      expect(await entitiesOf(`[{${key},${more}}]`), more.slice(0, 40)).toEqual({ data: { _entities: [SENT] } });
    }
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    // What stands in a prototype only is no property of a representation.
    const inherited = (await entitiesOf(`[{"__proto__":{${key}}}]`)) as { errors: object[] };
    expect(inherited.errors).toEqual([expect.objectContaining({ message: NO_ENTITY })]);
  });

  test.each([
    ['a representation that is null', ENTITIES, [null]],
    ['representations that are null', ENTITIES, null],
    ['one property given twice', '{ _entities(representations: [{ id: "a", id: "b" }]) { __typename } }', []],
    ['a variable that is not declared', '{ _entities(representations: [{ id: $id }]) { __typename } }', []],
  ])('refuses the operation for %s', async (_, query, representations) => {
    const { body } = await POST.ask(origin, undefined, { query, variables: { representations } });
    expect(body.data).toBeUndefined();
    expect(body.errors).toEqual([
      expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT', retryable: false } }),
    ]);
  });

  test('counts the schema that it tells as what it is in introspection, each time', async () => {
    const sdl = (times: number) =>
      `{ ${Array.from({ length: times }, (_, n) => `a${n}: _service { sdl }`).join(' ')} }`;
    expect((await POST.ask(origin, undefined, { query: sdl(100) })).body.errors).toBeUndefined();
    const { body } = await POST.ask(origin, undefined, { query: sdl(300) });
    expect(body.errors[0].message).toContain('The schema would tell');
  });
});
