// This gateway's subgraph composes with those that companies have, by the composers of both houses.

import { graphqlSync } from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { subgraphOf } from '../../src/schema/subgraph.ts';
import { composers } from './compose.ts';
import { ORDERS } from './orders.ts';

const { data } = graphqlSync({ schema: subgraphOf(schema), source: '{ _service { sdl } }' }) as {
  data: { _service: { sdl: string } };
};
const { sdl } = data._service;

const LINK = (directives: string) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [${directives}])`;

/** A subgraph whose orders refer to one kind of invitation. */
const OF_ONE_KIND = `${LINK('"@key"')}
  type Query { orders: [Order!]! }
  type Order @key(fields: "id") { id: ID! invitation: ReviewInvitation }
  type ReviewInvitation @key(fields: "id", resolvable: false) { id: ID! }`;

/** A Relay subgraph, which has the fields of every one. Its nodes may be invitations, too. */
const relay = (directive: string) => `${LINK('"@key", "@interfaceObject", "@shareable"')}
  type Query { node(id: ID!): Node ${directive} nodes(ids: [ID!]!): [Node]! ${directive} orders: [Order!]! }
  interface Node { id: ID! }
  type Order implements Node @key(fields: "id") { id: ID! invitation: Invitation }
  type Invitation implements Node @key(fields: "id") @interfaceObject { id: ID! }`;

describe.each(composers)('by $name', ({ compose }) => {
  const errorsWith = (orders: string, invitations = sdl) =>
    compose([
      { name: 'invitations', url: 'http://127.0.0.1:1/graphql', sdl: invitations },
      { name: 'orders', url: 'http://127.0.0.1:2/graphql', sdl: orders },
    ]).errors?.map(({ message }) => message) ?? [];

  test.each([
    ['that refers to invitations of any kind, and adds to them', ORDERS],
    ['that refers to one kind', OF_ONE_KIND],
    ['of Relay', relay('')],
    ['of Relay that shares its fields', relay('@shareable')],
    [
      'that has scalars and an interface of the same names',
      `${OF_ONE_KIND} scalar DateTime scalar Date interface Node { id: ID! }`,
    ],
  ])('composes with a subgraph %s', (_, orders) => {
    expect(errorsWith(orders)).toEqual([]);
  });

  // The reason why a supergraph is not told of `node`: no directive would do.
  test.each(['', '@inaccessible', '@shareable'])(
    'would not with a Relay subgraph, if `node` were told of %s',
    (directive) => {
      const told = sdl
        .replace('import: ["@key"]', 'import: ["@key", "@inaccessible", "@shareable"]')
        .replace('type Query {', `type Query { node(id: ID!): Node ${directive} `);
      expect(told).not.toBe(sdl);
      const faults = errorsWith(relay(''), told);
      expect(faults.length).toBeGreaterThan(0);
      for (const fault of faults) expect(fault).toContain('Query.node');
    },
  );

  test('would not with the text that graphql-js prints, which has no keys', () => {
    expect(errorsWith(ORDERS, sdl.replaceAll(/ @key\(fields: "id"\)/g, ''))).not.toEqual([]);
  });
});
