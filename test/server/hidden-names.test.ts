// Where INTROSPECTION is off, an error names no field, argument or enum value that the caller did not write; where it is on,
// each of these errors does.

import { isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { bearer, SECRET } from '../access/tokens.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';

type Fault = readonly [name: string, query: string, variables?: object];

const rowsOf = (faults: readonly Fault[]) =>
  faults.map(([name, query, variables = {}]) => ({ name, query, variables }));

/** Where INTROSPECTION is on, the first name what the caller may have meant or forgotten, and the others do not. */
const SUGGESTING: readonly Fault[] = [
  ['a field', '{ reviewInvitatio(invitationId: "a") { id } }'],
  ['a field of an object', '{ smartInvite(smartInviteId: "a") { recipientz { email } } }'],
  ['an argument', '{ reviewInvitation(invitationID: "a") { id } }'],
  ['an argument that is missing', '{ reviewInvitation { id } }'],
  ['a list argument that is missing', '{ invitations { id } }'],
  [
    'an enum value by variable',
    'query($at: CronofyDataCenter) { smartInvite(smartInviteId: "a", dataCenter: $at) { id } }',
    { at: 'UX' },
  ],
  [
    'an enum value in an object by variable',
    'query($ref: InvitationRef!) { invitation(ref: $ref) { id } }',
    { ref: { smartInvite: { smartInviteId: 'a', dataCenter: 'UX' } } },
  ],
];
const OTHERS: readonly Fault[] = [
  ['a field of one type of an interface', '{ node(id: "a") { smartInviteId } }'],
  ['a field without its selection', '{ smartInvite(smartInviteId: "a") { recipients } }'],
  ['a type', '{ node(id: "a") { ... on ReviewInvite { id } } }'],
  ['an enum value', '{ smartInvite(smartInviteId: "a", dataCenter: UX) { id } }'],
  ['a key of an object', '{ invitation(ref: { smartInvit: { smartInviteId: "a" } }) { id } }'],
  ['a key that is missing', '{ invitation(ref: { smartInvite: {} }) { id } }'],
  [
    'a key that is missing by variable',
    'query($ref: InvitationRef!) { invitation(ref: $ref) { id } }',
    { ref: { smartInvite: {} } },
  ],
  ['a ref of no kind', 'query($ref: InvitationRef!) { invitation(ref: $ref) { id } }', { ref: {} }],
  ['a directive', '{ __typename @skipp(if: true) }'],
  ['an argument of a directive that is missing', '{ __typename @skip }'],
];

/** Of everything in the schema but its types: an error says which type was expected in a place. */
const NAMES: ReadonlySet<string> = new Set(
  Object.values(schema.getTypeMap()).flatMap((type) => {
    if (type.name.startsWith('__')) return [];
    if (isEnumType(type)) return type.getValues().map(({ name }) => name);
    if (isInputObjectType(type)) return Object.keys(type.getFields());
    if (!isObjectType(type) && !isInterfaceType(type)) return [];
    return Object.values(type.getFields()).flatMap(({ name, args }) => [name, ...args.map((arg) => arg.name)]);
  }),
);

const wordsOf = (text: string) => text.match(/\w+/g) ?? [];

describe('an error about', () => {
  let hiding: TestGateway;
  let telling: TestGateway;
  beforeAll(async () => {
    telling = await startTestGateway({ environment: { AUTH_JWT_SECRET: SECRET } });
    hiding = await startTestGateway({ environment: { AUTH_JWT_SECRET: SECRET, INTROSPECTION: 'off' } });
    return () => Promise.all([hiding.stop(), telling.stop()]);
  });

  async function messagesOf({ origin }: TestGateway, query: string, variables: object): Promise<readonly string[]> {
    const response = await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: bearer() },
      body: JSON.stringify({ query, variables }),
    });
    const { errors } = (await response.json()) as { errors: readonly { message: string }[] };
    return errors.map(({ message }) => message);
  }

  /** The names in these messages that stand in no place of what was sent. */
  function unwrittenIn(messages: readonly string[], sent: string): readonly string[] {
    const written = new Set(wordsOf(sent));
    return messages.flatMap(wordsOf).filter((word) => NAMES.has(word) && !written.has(word));
  }

  test.each(rowsOf([...SUGGESTING, ...OTHERS]))(
    '$name names nothing that the caller did not',
    async ({ query, variables }) => {
      for (const _ of [1, 2, 3]) {
        const messages = await messagesOf(hiding, query, variables);
        expect(messages).not.toEqual([]);
        expect(unwrittenIn(messages, query + JSON.stringify(variables)), messages.join()).toEqual([]);
        // What it repeats of the field itself is how to select something of it.
        expect(messages.join()).not.toMatch(/did you mean (?!"recipients \{)/i);
      }
    },
  );

  test.each(rowsOf(SUGGESTING))(
    '$name names what it may be, where INTROSPECTION is on',
    async ({ query, variables }) => {
      const messages = await messagesOf(telling, query, variables);
      expect(unwrittenIn(messages, query + JSON.stringify(variables))).not.toEqual([]);
    },
  );
});
