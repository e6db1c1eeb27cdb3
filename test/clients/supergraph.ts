// Apollo Gateway in front of a supergraph. What a caller shows goes on to the subgraphs.

import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';

type Caller = { authorization?: string | undefined };

export async function startRouter(supergraphSdl: string, port: number) {
  const buildService = ({ url = '' }) =>
    new RemoteGraphQLDataSource<Caller>({
      url,
      willSendRequest({ request, context: { authorization } }) {
        if (authorization) request.http?.headers.set('authorization', authorization);
      },
    });
  const server = new ApolloServer<Caller>({ gateway: new ApolloGateway({ supergraphSdl, buildService }) });
  const context = async ({ req }: { req: { headers: Caller } }) => ({ authorization: req.headers.authorization });
  const { url } = await startStandaloneServer(server, { listen: { port }, context });
  return { url, stop: () => server.stop() };
}
