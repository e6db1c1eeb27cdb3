// Subgraphs to a supergraph, by the composers of both houses.

import { composeServices as composeByApollo } from '@apollo/composition';
import { composeServices as composeByGuild } from '@theguild/federation-composition';
import { type DocumentNode, parse } from 'graphql';

interface Subgraph {
  readonly name: string;
  readonly url: string;
  readonly sdl: string;
}

interface Composed {
  readonly supergraphSdl?: string | undefined;
  readonly errors?: readonly { readonly message: string }[] | undefined;
}

type Compose = (services: { name: string; url: string; typeDefs: DocumentNode }[]) => Composed;

const COMPOSERS: Readonly<Record<string, Compose>> = {
  '@apollo/composition': composeByApollo,
  '@theguild/federation-composition': composeByGuild,
};

/** Each gives a supergraph, or the reasons why there is none. */
export const composers = Object.entries(COMPOSERS).map(([name, compose]) => ({
  name,
  compose(subgraphs: readonly Subgraph[]): Composed {
    return compose(subgraphs.map(({ sdl, ...subgraph }) => ({ ...subgraph, typeDefs: parse(sdl) })));
  },
}));

/** What a gateway tells those who compose. */
export async function sdlOf(origin: string, authorization?: string): Promise<string> {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
    body: JSON.stringify({ query: 'query SubgraphIntrospectQuery { _service { sdl } }' }),
  });
  const { data } = (await response.json()) as { data: { _service: { sdl: string } } };
  return data._service.sdl;
}
