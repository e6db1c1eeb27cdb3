// What the gateway is asked beside the plain handler: each case as the body for either of them.

import type { ServerKind } from './servers.ts';
import { NEW } from './wrk.ts';

const PAGE = `query Page($refs: [InvitationRef!]!) {
  invitations(refs: $refs) {
    id status isFinal observedAt isStale
    ... on ReviewInvitation { invitationId deliveryStatus rawStatus }
    ... on SmartInvite {
      smartInviteId
      recipient { email status comment }
      event { summary start { dateTime timeZone } end { dateTime timeZone } location { description } }
    }
  }
}`;
const ONE = `query One($id: ID!) { reviewInvitation(invitationId: $id) { id status deliveryStatus rawStatus observedAt isStale } }`;

export interface Case {
  readonly name: string;
  readonly connections: number;
  /** The least that the gateway's operations a second may be, the plain handler's = 1. */
  readonly floor: number;
  /** The ratio that is aimed at, where the floor is below it. */
  readonly aim?: number;
  /** No id is asked for twice. */
  readonly isNew: boolean;
  /** Sent in turn, again and again. */
  readonly bodies: Readonly<Record<ServerKind, readonly string[]>>;
}

/** Invitations of each kind that are asked for again and again. */
const KNOWN = 200;

/** One review invitation. */
export function one(id: string): Record<ServerKind, string> {
  return {
    graphql: JSON.stringify({ query: ONE, variables: { id } }),
    plain: JSON.stringify({ refs: [{ invitationId: id }] }),
  };
}

/** As many review invitations as Smart Invites. */
function page(ids: readonly string[]): Record<ServerKind, string> {
  const refs = ids.flatMap((id) => [
    { reviewInvitation: { invitationId: id } },
    { smartInvite: { smartInviteId: id } },
  ]);
  return {
    graphql: JSON.stringify({ query: PAGE, variables: { refs } }),
    plain: JSON.stringify({ refs: ids.flatMap((id) => [{ invitationId: id }, { smartInviteId: id }]) }),
  };
}

const half = (idOf: (i: number) => string) => Array.from({ length: 25 }, (_, i) => idOf(i));

function bodies(each: readonly Record<ServerKind, string>[]): Case['bodies'] {
  return { graphql: each.map(({ graphql }) => graphql), plain: each.map(({ plain }) => plain) };
}

function known(body: (n: number) => Record<ServerKind, string>): Case['bodies'] {
  return bodies(Array.from({ length: KNOWN }, (_, n) => body(n)));
}

const NEW_ID = `id-${NEW}`;

export const HOT: Case = {
  name: 'one review invitation out of 200, asked again and again',
  connections: 64,
  floor: 1.6,
  isNew: false,
  bodies: known((n) => one(`id-${n}`)),
};

// What is known comes first: a gateway that has all of them reads the new ones again in the background.
export const CASES: readonly Case[] = [
  HOT,
  {
    name: 'fifty invitations (25 + 25) out of 400, asked again and again',
    connections: 4,
    floor: 6,
    isNew: false,
    bodies: known((n) => page(half((i) => `id-${(n + i) % KNOWN}`))),
  },
  {
    name: 'one review invitation an operation, every id new',
    connections: 64,
    floor: 0.5,
    aim: 0.75,
    isNew: true,
    bodies: bodies([one(NEW_ID)]),
  },
  {
    name: 'fifty invitations (25 + 25) an operation, every id new',
    connections: 4,
    floor: 0.43,
    aim: 0.8,
    isNew: true,
    bodies: bodies([page(half(() => NEW_ID))]),
  },
];
