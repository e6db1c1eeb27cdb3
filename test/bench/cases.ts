// What the gateway is asked beside the plain handler: each case as the body for either of them.

import type { ServerKind } from './servers.ts';

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

/** The n-th body for each server. */
export type Bodies = Readonly<Record<ServerKind, (n: number) => string>>;

export interface Case {
  readonly name: string;
  readonly connections: number;
  /** The least that the gateway's operations a second may be, the plain handler's = 1. */
  readonly floor: number;
  /** The ratio that is aimed at, where the floor is below it. */
  readonly aim?: number;
  /**
   * So many bodies are sent again and again; null where each is new. wrk sends known ones: it asks faster than a load made
   * in Node, and tells the p99, which is looked at too.
   */
  readonly known: number | null;
  readonly bodies: Bodies;
}

/** Invitations of each kind that are asked for again and again. */
export const KNOWN = 200;

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

function bodies(of: (n: number) => Record<ServerKind, string>): Bodies {
  return { graphql: (n) => of(n).graphql, plain: (n) => of(n).plain };
}

export const HOT: Case = {
  name: 'one review invitation out of 200, asked again and again',
  connections: 64,
  floor: 1.6,
  known: KNOWN,
  bodies: bodies((n) => one(`id-${n % KNOWN}`)),
};

export const CASES: readonly Case[] = [
  {
    name: 'one review invitation an operation, every id new',
    connections: 64,
    floor: 0.5,
    aim: 0.75,
    known: null,
    bodies: bodies((n) => one(`id-${n}`)),
  },
  HOT,
  {
    name: 'fifty invitations (25 + 25) an operation, every id new',
    connections: 4,
    floor: 0.43,
    aim: 0.8,
    known: null,
    bodies: bodies((n) => page(half((i) => `id-${n * 25 + i}`))),
  },
  {
    name: 'fifty invitations (25 + 25) out of 400, asked again and again',
    connections: 4,
    floor: 6,
    known: KNOWN,
    bodies: bodies((n) => page(half((i) => `id-${(n + i) % KNOWN}`))),
  },
];
