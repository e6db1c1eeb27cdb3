// Subgraphs to a supergraph. Each is asked what it has.

import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

/** @param subgraphs Name → address. @throws Error that says why they do not fit together. */
export async function composeSupergraph(subgraphs: Readonly<Record<string, string>>): Promise<string> {
  const services = Object.entries(subgraphs).map(async ([name, url]) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ _service { sdl } }' }),
    });
    const { data, errors } = await response.json();
    if (!data) throw new Error(`${name} does not say what it has: ${errors?.[0].message}`);
    return { name, url, typeDefs: parse(data._service.sdl) };
  });
  const { supergraphSdl, errors = [] } = composeServices(await Promise.all(services));
  if (supergraphSdl === undefined) throw new Error(errors.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}
