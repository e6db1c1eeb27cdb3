// `npm run bench:supergraph`: what a router costs. A page of fifty invitations through Apollo Gateway, as its callers
// ask for it and as what fifty orders refer to, beside the same page asked of this gateway directly. All are known, so that
// what is measured is the way. The gateway has one core; router, orders and load have the other.

import { globalIdOf, refTo } from '../../src/invitation/ref.ts';
import { startOrders } from '../clients/orders.ts';
import { middle } from './figures.ts';
import { start, stopAll } from './processes.ts';
import { OTHER_CORE, PORTS, startGateway, startUpstream } from './servers.ts';
import { wrk } from './wrk.ts';

const ROUTER_PORT = 17_003;
const TURNS = 5;
const TURN_MS = 3_000;

const IDS = Array.from({ length: 50 }, (_, n) => globalIdOf(refTo('ReviewInvitation', { invitationId: `id-${n}` })));

const FIELDS = '{ __typename id status isFinal observedAt isStale ... on ReviewInvitation { deliveryStatus } }';
const PAGE = JSON.stringify({
  query: `query Page($refs: [InvitationRef!]!) { invitations(refs: $refs) ${FIELDS} }`,
  variables: { refs: IDS.map((id) => ({ id })) },
});
const ORDERS_PAGE = JSON.stringify({ query: `query Page { orders { id invitation ${FIELDS} } }` });

const WAYS = {
  directly: { port: PORTS.graphql, body: PAGE },
  'through the router': { port: ROUTER_PORT, body: PAGE },
  'through the router, of fifty orders': { port: ROUTER_PORT, body: ORDERS_PAGE },
} as const;

async function ask(way: keyof typeof WAYS, connections: number, isChecked: boolean): Promise<number> {
  const { port, body } = WAYS[way];
  const load = { port, connections, durationMs: TURN_MS, bodies: [body], core: OTHER_CORE, isChecked };
  const { perSecond, failures } = await wrk(load);
  if (failures > 0) throw new Error(`${failures} answers ${way} have errors`);
  return perSecond;
}

const orders = await startOrders(IDS);
try {
  await startUpstream();
  await startGateway(PORTS.graphql, { FEDERATION: 'on', INTROSPECTION: 'on' });
  const args = [String(ROUTER_PORT), `http://127.0.0.1:${PORTS.graphql}`, orders.url];
  const environment = { NODE_ENV: 'production' };
  await start('./router.ts', args, { core: OTHER_CORE, port: ROUTER_PORT, environment });
  for (const connections of [1, 16]) {
    for (const way of Object.keys(WAYS) as (keyof typeof WAYS)[]) await ask(way, connections, true);
    const turns = [];
    for (let n = 0; n < TURNS; n++) {
      const direct = await ask('directly', connections, false);
      const routed = await ask('through the router', connections, false);
      const referred = await ask('through the router, of fifty orders', connections, false);
      turns.push({ direct, routed, referred });
    }
    console.log(`${connections} at once:`);
    for (const way of ['routed', 'referred'] as const) {
      const turn = middle(turns, (each) => each.direct / each[way]);
      const name = way === 'routed' ? 'through the router' : 'through the router, of fifty orders';
      console.log(
        `  a page of fifty ${name} takes ${(turn.direct / turn[way]).toFixed(1)} × as long as directly ` +
          `(${(1_000 / (turn[way] / connections)).toFixed(1)} ms against ${(1_000 / (turn.direct / connections)).toFixed(1)} ms)`,
      );
    }
  }
} finally {
  await stopAll();
  orders.stop();
}
