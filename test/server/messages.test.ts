// What is said of a request that is wrong names the place and the type, and never repeats a value: a value may be an
// address. Neither does the log, or a span.

import { Lexer, Source, TokenKind } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { openSocket } from './socket-client.ts';

const ADDRESS = 'canary@example.org';
const NUMBER = '471147114711';
const REPEATED = /canary|example\.org|47114711|\\u0063/i;
const BAD_INPUT = { code: 'BAD_USER_INPUT', retryable: false };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ absentFromSpans: [REPEATED] });
});
afterAll(() => gateway.stop());

function expectNotRepeated(...texts: readonly string[]): void {
  for (const text of [...texts, ...gateway.log]) expect(text).not.toMatch(REPEATED);
}

/** The messages, the same by HTTP and WebSocket, the first time and every time after. */
async function messagesOf(query: string, variables: object = {}): Promise<readonly string[]> {
  const { subscribe, outcomeOf, socket } = await openSocket(gateway.origin);
  let first: readonly string[] = [];
  for (const id of ['1', '2', '3']) {
    const { data, errors = [] } = await gateway.query(query, variables);
    expect(data).toBeUndefined();
    expectNotRepeated(JSON.stringify(errors));
    for (const { extensions } of errors) expect(extensions).toEqual(BAD_INPUT);
    const messages = errors.map(({ message }) => message);
    if (id === '1') first = messages;
    expect(messages).toEqual(first);
    subscribe(id, { query, variables });
    const [outcome] = await outcomeOf(id);
    expect(outcome?.payload.errors ?? outcome?.payload).toEqual(errors);
  }
  socket.terminate();
  expect(gateway.log).toEqual([]);
  return first;
}

describe('variables', () => {
  const REF = 'query($ref: InvitationRef!) { invitation(ref: $ref) { id } }';
  const REFS = 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }';
  const INVITE = `query($id: ID!, $email: String, $age: Int, $at: CronofyDataCenter, $want: Boolean!) {
    smartInvite(smartInviteId: $id, recipientEmail: $email, maxAgeSeconds: $age, dataCenter: $at) { id @include(if: $want) }
  }`;
  const fit = { id: 'a', want: true };

  test.each<[string, string, object, string, string]>([
    ['an unknown key', REF, { ref: { [ADDRESS]: 1 } }, '$ref', 'InvitationRef!'],
    [
      'an unknown key in an object',
      REF,
      { ref: { smartInvite: { smartInviteId: 'a', [ADDRESS]: 1 } } },
      '$ref.smartInvite',
      'SmartInviteRef',
    ],
    ['an unknown key in a list', REFS, { refs: [{ id: 'a' }, { [NUMBER]: 1 }] }, '$refs[1]', 'InvitationRef!'],
    ['a text for an object', REF, { ref: ADDRESS }, '$ref', 'InvitationRef!'],
    ['a text for an object in an object', REF, { ref: { smartInvite: ADDRESS } }, '$ref.smartInvite', 'SmartInviteRef'],
    ['an unknown enum value', INVITE, { ...fit, at: ADDRESS }, '$at', 'CronofyDataCenter'],
    ['a number for an enum value', INVITE, { ...fit, at: Number(NUMBER) }, '$at', 'CronofyDataCenter'],
    [
      'an unknown enum value in an object',
      REF,
      { ref: { smartInvite: { smartInviteId: 'a', dataCenter: ADDRESS } } },
      '$ref.smartInvite.dataCenter',
      'CronofyDataCenter',
    ],
    ['a text for a number', INVITE, { ...fit, age: ADDRESS }, '$age', 'Int'],
    ['a number that is too large', INVITE, { ...fit, age: Number(NUMBER) }, '$age', 'Int'],
    ['a fraction', INVITE, { ...fit, age: 4711.47114711 }, '$age', 'Int'],
    ['a number for a text', INVITE, { ...fit, email: Number(NUMBER) }, '$email', 'String'],
    ['a list for a text', INVITE, { ...fit, email: [ADDRESS] }, '$email', 'String'],
    ['an object for an id', INVITE, { ...fit, id: { [ADDRESS]: ADDRESS } }, '$id', 'ID!'],
    ['a fraction for an id', INVITE, { ...fit, id: 47114711.5 }, '$id', 'ID!'],
    ['a text for a boolean', INVITE, { ...fit, want: ADDRESS }, '$want', 'Boolean!'],
    ['null for a required variable', INVITE, { ...fit, id: null }, '$id', 'ID!'],
    ['a missing required variable', INVITE, { id: ADDRESS }, '$want', 'Boolean!'],
  ])('%s', async (_, query, variables, place, type) => {
    const messages = await messagesOf(query, variables);
    expect(
      messages.some((message) => message.includes(`"${place}"`) && message.includes(`"${type}"`)),
      messages.join(),
    ).toBe(true);
  });

  test('that are an unknown enum value are told which values there are', async () => {
    const [message] = await messagesOf(REF, { ref: { smartInvite: { smartInviteId: 'a', dataCenter: ADDRESS } } });
    expect(message).toBe(
      'Variable "$ref.smartInvite.dataCenter" does not fit its type "CronofyDataCenter": give one of AU, CA, DE, SG, UK, US.',
    );
  });

  test('with unknown names beside the declared ones are ignored, and their names are not repeated', async () => {
    const answer = await gateway.query('query($want: Boolean!) { __typename @include(if: $want) }', {
      want: true,
      [ADDRESS]: ADDRESS,
    });
    expect(answer).toEqual({ status: 200, data: { __typename: 'Query' } });
    expectNotRepeated();
  });
});

describe('literals', () => {
  test.each([
    ['an unknown enum value', `{ smartInvite(smartInviteId: "a", dataCenter: canary) { id } }`, 'CronofyDataCenter'],
    [
      'a text for an enum value',
      `{ smartInvite(smartInviteId: "a", dataCenter: "${ADDRESS}") { id } }`,
      'CronofyDataCenter',
    ],
    ['a text for a number', `{ smartInvite(smartInviteId: "a", maxAgeSeconds: "${ADDRESS}") { id } }`, 'Int'],
    ['a number that is too large', `{ smartInvite(smartInviteId: "a", maxAgeSeconds: ${NUMBER}) { id } }`, 'Int'],
    ['a fraction for an id', `{ smartInvite(smartInviteId: ${NUMBER}.5) { id } }`, 'ID'],
    ['an enum value for an id', `{ smartInvite(smartInviteId: canary) { id } }`, 'ID'],
    ['a list for a text', `{ smartInvite(smartInviteId: "a", recipientEmail: ["${ADDRESS}"]) { id } }`, 'String'],
    ['a text for an object', `{ invitation(ref: "${ADDRESS}") { id } }`, 'InvitationRef'],
    ['an unknown key', `{ invitation(ref: { canary: "${ADDRESS}" }) { id } }`, 'InvitationRef'],
    [
      'two members of a one-of input',
      `{ invitation(ref: { id: "${ADDRESS}", reviewInvitation: { invitationId: "a" } }) { id } }`,
      'InvitationRef',
    ],
    [
      'a key that is left out',
      `{ invitation(ref: { smartInvite: { recipientEmail: "${ADDRESS}" } }) { id } }`,
      'SmartInviteRef',
    ],
    ['a key that is given twice', `{ invitation(ref: { id: "${ADDRESS}", id: "${ADDRESS}" }) { id } }`, ''],
    ['an entry of a list', `{ invitations(refs: [{ id: "a" }, ${NUMBER}]) { id } }`, 'InvitationRef'],
    [
      'a default',
      `query($at: CronofyDataCenter = canary) { smartInvite(smartInviteId: "a", dataCenter: $at) { id } }`,
      'CronofyDataCenter',
    ],
    ['a default of another type', `query($id: ID! = ["${ADDRESS}"]) { smartInvite(smartInviteId: $id) { id } }`, 'ID'],
    ['a condition', `{ __typename @include(if: "${ADDRESS}") }`, 'Boolean'],
    ['an argument that is left out', `{ smartInvite(recipientEmail: "${ADDRESS}") { id } }`, 'ID!'],
    ['an argument that does not exist', `{ reviewInvitation(invitationId: "a", email: "${ADDRESS}") { id } }`, 'email'],
    ['a variable that is not declared', `{ a: node(id: "${ADDRESS}") { id } node(id: $id) { id } }`, '$id'],
    ['a variable of another type', `query($id: Int) { a: node(id: "${ADDRESS}") { id } node(id: $id) { id } }`, 'ID!'],
    ['arguments that differ', `{ node(id: "${ADDRESS}") { id } node(id: "${NUMBER}") { id } }`, 'node'],
    ['a type definition', `type T { a(b: String = "${ADDRESS}"): Int } { __typename }`, 'T'],
  ])('%s', async (_, query, type) => {
    const { errors = [] } = await gateway.query(query);
    for (const error of errors) expect(error).toHaveProperty('locations');
    const [message] = await messagesOf(query);
    expect(message).toContain(type);
  });
});

describe('values at every place of a document', () => {
  const DOCUMENT = `query Q($id: ID! = "a", $age: Int = 1) {
    a: smartInvite(smartInviteId: $id, dataCenter: US, maxAgeSeconds: $age) { ...F ... on SmartInvite @skip(if: false) { status } }
    invitations(refs: [{ reviewInvitation: { invitationId: "b" } }]) { __typename }
  }
  fragment F on SmartInvite { event { summary } }`;

  const tokens = (() => {
    const lexer = new Lexer(new Source(DOCUMENT));
    const found: { readonly start: number; readonly end: number }[] = [];
    while (lexer.advance().kind !== TokenKind.EOF) found.push(lexer.token);
    return found;
  })();

  const VALUES = [
    ...[NUMBER, `-${NUMBER}.5e1`, `0${NUMBER}`, `${NUMBER}x`, `"${ADDRESS}"`, `"""${ADDRESS}"""`, `"${ADDRESS}`],
    ...[
      `"""${ADDRESS}`,
      `"\\u{${NUMBER}}"`,
      `"\\q${ADDRESS}"`,
      `{ x: "${ADDRESS}" }`,
      `["${ADDRESS}"]`,
      `$$${ADDRESS}`,
    ],
    ...[`'${ADDRESS}'`, `\u{1f600}${ADDRESS}`, `.${NUMBER}`, `"${ADDRESS}\n"`],
  ];

  test.each(VALUES)('are not repeated: %j', async (value) => {
    const ask = async (query: string) => {
      const { errors = [] } = await gateway.query(query);
      for (const { message, extensions } of errors) {
        expect(message).toMatch(/^Syntax Error: .* line \d+, column \d+\.$|type|"|take|must|once/);
        expect(extensions).toEqual(BAD_INPUT);
      }
      return JSON.stringify(errors);
    };
    const answers = tokens.flatMap(({ start, end }) => [
      ask(`${DOCUMENT.slice(0, start)} ${value} ${DOCUMENT.slice(start)}`),
      ask(`${DOCUMENT.slice(0, start)} ${value} ${DOCUMENT.slice(end)}`),
    ]);
    const texts = await Promise.all(answers);
    expect(texts.filter((text) => text !== '[]').length).toBeGreaterThan(tokens.length);
    expectNotRepeated(...texts);
    expect(gateway.log).toEqual([]);
  });

  test.each([
    [`{ ${NUMBER} }`, 'Int', 3],
    [`{ a: ${NUMBER} }`, 'Int', 6],
    [`{ ... on ${NUMBER} { id } }`, 'Int', 10],
    [`{ "${ADDRESS}" }`, 'String', 3],
    [`query($"${ADDRESS}": ID) { id }`, 'String', 8],
    [`{ node("${ADDRESS}") { id } }`, 'String', 8],
    [`{ node(id: "a") { """${ADDRESS}""" } }`, 'BlockString', 19],
    [`fragment ${NUMBER} on Query { id }`, 'Int', 10],
  ])('in the place of a name are reported by their kind and position: %s', async (query, kind, column) => {
    expect(await messagesOf(query)).toEqual([
      `Syntax Error: expected Name, found ${kind} at line 1, column ${column}.`,
    ]);
  });
});

describe('the name of an unknown operation', () => {
  test.each([ADDRESS, NUMBER, '__proto__', 'constructor', ' '])('is not repeated: %j', async (operationName) => {
    for (const query of ['query A { __typename }', '{ __typename }', 'query A { __typename } query B { __typename }']) {
      const body = JSON.stringify({ query, operationName });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${gateway.origin}/graphql`, { method: 'POST', headers, body });
      const { errors } = (await answer.json()) as { errors: unknown };
      expect(errors).toEqual([{ message: 'The document has no operation of that name.', extensions: BAD_INPUT }]);
      expectNotRepeated();
    }
  });
});

describe('a subscription that skips its only field gives BAD_USER_INPUT', () => {
  const live = (condition: string) =>
    `{ invitationChanged(refs: [{ id: "${ADDRESS}" }]) ${condition} { id } ${condition === '' ? 'more' : ''} }`;

  test.each([
    ['by a literal', `subscription ${live('@skip(if: true)')}`],
    ['by another literal', `subscription ${live('@include(if: false)')}`],
    ['by a variable', `subscription($want: Boolean!) ${live('@include(if: $want)')}`],
    ['by asking for more', `subscription ${live('')}`],
  ])('%s', async (_, query) => {
    const { subscribe, outcomeOf } = await openSocket(gateway.origin);
    for (const id of ['1', '2', '3']) {
      subscribe(id, { query, variables: { want: false } });
      const [outcome] = await outcomeOf(id);
      const errors = outcome?.payload.errors ?? outcome?.payload;
      expect(errors).toMatchObject([{ extensions: BAD_INPUT }]);
      expectNotRepeated(JSON.stringify(errors));
    }
    expect(gateway.log).toEqual([]);
  });
});
