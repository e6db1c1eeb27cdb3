// A second subgraph, as a company has one beside the gateway: orders, each with the invitation that was sent for it. It knows
// of an invitation nothing but its id.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildASTSchema, parse } from 'graphql';
import { createHandler } from 'graphql-http/lib/use/http';

/** How it refers to invitations of any kind, and adds a field of its own to them. */
export const ORDERS = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@interfaceObject"])

type Query { orders: [Order!]! }
type Order @key(fields: "id") { id: ID! invitation: Invitation }
type Invitation @key(fields: "id") @interfaceObject { id: ID! order: Order }
`;

interface Representation {
  readonly __typename: string;
  readonly id: string;
}

/** @param invitations The global id of the invitation of each order. */
export async function startOrders(invitations: readonly string[]) {
  const orders = invitations.map((id, n) => {
    const order = { __typename: 'Order', id: String(n + 1), invitation: { __typename: 'Invitation', id, order: {} } };
    order.invitation.order = order;
    return order;
  });
  // What routers ask every subgraph for.
  const served = `${ORDERS} extend type Query { _entities(representations: [_Any!]!): [_Entity]! _service: _Service! }
    scalar _Any union _Entity = Order | Invitation type _Service { sdl: String! }`;
  const rootValue = {
    orders,
    _service: { sdl: ORDERS },
    _entities: ({ representations }: { representations: readonly Representation[] }) =>
      representations.map(({ __typename, id }) =>
        __typename === 'Order'
          ? orders.find((order) => order.id === id)
          : orders.find(({ invitation }) => invitation.id === id)?.invitation,
      ),
  };
  const schema = buildASTSchema(parse(served), { assumeValidSDL: true });
  const handle = createHandler({ schema, rootValue });
  const tokens: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    void handle(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    /** What callers showed, in the order in which they came. */
    tokens,
    stop: () => void server.close(),
  };
}
