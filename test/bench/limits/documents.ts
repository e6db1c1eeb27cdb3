// Documents that are expensive to read, to check or to compile, however little they ask for.

import { otherPairs, samePairs } from '../../operations/meeting-fragments.ts';
import { type Candidate, list, named, type Operation, RUNS_A_TEXT } from './candidate.ts';

const REVIEW = 'reviewInvitation(invitationId: "id-1")';

const EVERYTHING = `{
  id status isFinal observedAt isStale smartInviteId dataCenter callbackUrl
  recipients { email status rawStatus comment proposal { start { dateTime timeZone } end { dateTime timeZone } } }
  event { summary description start { dateTime timeZone } end { dateTime timeZone } location { description } }
}`;

/** Ten times ten times ten, each with so many fields. */
const nested = (leaves: number) => `
  fragment Invite on SmartInvite { ${list(10, (n) => `e${n}: event { ...Event }`)} }
  fragment Event on SmartInviteEvent { ${list(10, (n) => `s${n}: start { ...Time }`)} }
  fragment Time on EventTime { ${list(leaves, (n) => `t${n}: __typename`)} }`;

/** Every other operation of a text has other conditions, whose plan is made anew. */
function meeting(textOf: (name: string, leaves: number) => string, run: number, size: number): Operation {
  const name = `Text${Math.floor(run / RUNS_A_TEXT)}`;
  return { query: textOf(name, Math.max(1, size)), variables: { a: run % 2 === 0, b: true, c: true } };
}

export const DOCUMENTS: readonly Candidate[] = [
  {
    name: 'one field again and again',
    unit: 'fields',
    most: 1_990,
    operation: (size, run) => ({ query: `${named(run)} { ${list(size, () => '__typename')} }` }),
  },
  {
    name: 'one field with arguments again and again',
    unit: 'fields',
    most: 250,
    operation: (size, run) => ({ query: `${named(run)} { ${list(size, () => `${REVIEW} { id status }`)} }` }),
  },
  {
    name: 'aliases of __typename',
    unit: 'aliases',
    most: 750,
    operation: (size, run) => ({ query: `${named(run)} { ${list(size, (n) => `a${n}: __typename`)} }` }),
  },
  {
    name: 'aliases of one invitation',
    unit: 'aliases',
    most: 250,
    operation: (size, run) => ({ query: `${named(run)} { ${list(size, (n) => `a${n}: ${REVIEW} { id }`)} }` }),
  },
  {
    name: 'fragments in fragments that expand to a thousand objects',
    unit: 'fields each',
    most: 30,
    operation: (size, run) => ({
      query: `${named(run)} { ${list(10, (n) => `a${n}: smartInvite(smartInviteId: "id-1") { ...Invite }`)} } ${nested(size)}`,
    }),
  },
  {
    name: 'two fragments that meet in a thousand objects',
    unit: 'fields each',
    most: 30,
    operation: (size, run) => meeting(samePairs, run, size),
  },
  {
    name: 'ten fragments that meet in other pairs in a thousand objects',
    unit: 'fields each',
    most: 9,
    operation: (size, run) => meeting(otherPairs, run, size),
  },
  {
    name: 'fragments that spread another one twice',
    unit: 'levels',
    most: 20,
    operation: (size, run) => ({
      query: `${named(run)} { ...F0 } ${list(size, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F${size} on Query { __typename }`,
    }),
  },
  {
    name: 'ever new documents of aliases',
    unit: 'aliases',
    most: 750,
    operation: (size, run) => ({ query: `query New${run} { ${list(size, (n) => `r${run}a${n}: __typename`)} }` }),
  },
  {
    name: 'ever new documents of invitations',
    unit: 'invitations',
    most: 40,
    operation: (size, run) => ({
      query: `query New${run} { ${list(size, (n) => `r${run}a${n}: smartInvite(smartInviteId: "id-${n}") ${EVERYTHING}`)} }`,
    }),
  },
  {
    name: 'fields with long names that nobody knows',
    unit: 'fields',
    most: 600,
    outcome: 'refused',
    operation: (size, run) => ({
      query: `query New${run} { ${list(size, (n) => `reviewInvitation${'OfSomebody'.repeat(12)}${n}`)} }`,
    }),
  },
  {
    name: 'a text of nothing but levels',
    unit: 'levels',
    most: 30_000,
    outcome: 'refused',
    operation: (size, run) => ({ query: `query New${run} ${'{a'.repeat(size)}${'}'.repeat(size)}` }),
  },
  {
    name: 'a text of nothing but fields',
    unit: 'fields',
    most: 45_000,
    outcome: 'refused',
    operation: (size, run) => ({ query: `query New${run} { ${'a '.repeat(size)} }` }),
  },
];
