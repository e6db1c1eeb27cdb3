// The router of a benchmark: Apollo Gateway, as the README starts it, in front of the gateway and of orders.

import { composers, sdlOf } from '../clients/compose.ts';
import { ORDERS } from '../clients/orders.ts';
import { startRouter } from '../clients/supergraph.ts';

const [port = '', gateway = '', orders = ''] = process.argv.slice(2);
const [composer] = composers;
const composed = composer?.compose([
  { name: 'invitations', url: `${gateway}/graphql`, sdl: await sdlOf(gateway) },
  { name: 'orders', url: orders, sdl: ORDERS },
]);
if (composed?.supergraphSdl === undefined) throw new Error('the subgraphs do not compose');
await startRouter(composed.supergraphSdl, Number(port));
