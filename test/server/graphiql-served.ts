// GraphiQL's page and its assets, served without a gateway.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { GraphiqlPageOptions } from '../../src/server/graphiql-html.ts';
import { createGraphiqlPage, isPageRequest } from '../../src/server/graphiql-page.ts';
import { rawRequest } from './raw-request.ts';

export const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'accept-encoding': 'gzip, deflate, br' };

/** Serves the page and its assets, and 404 for what is neither. @returns its origin, and what ends it. */
export async function serve(options: Partial<GraphiqlPageOptions> = {}): Promise<[string, () => void]> {
  const graphiql = createGraphiqlPage({
    tabs: [{ query: '{ __typename }' }],
    title: 'A gateway',
    asksForTokens: false,
    ...options,
  });
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    try {
      if (path === '/graphql' && isPageRequest(request)) await graphiql.page(request, response);
      else if (!(await graphiql.asset(path, request, response))) response.writeHead(404).end();
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return [`http://127.0.0.1:${port}`, () => server.close().closeAllConnections()];
}

/** A server without a visitor so far. */
export async function startAnother(options?: Partial<GraphiqlPageOptions>): Promise<string> {
  const [another, stop] = await serve(options);
  onTestFinished(stop);
  return another;
}

export const pageOf = (at: string, headers = {}) => rawRequest(`${at}/graphql`, { ...BROWSER, ...headers });

/** The paths of the assets that the page names, by what stands before their hash. */
export async function assetsOf(at: string): Promise<Map<string, string>> {
  const { body } = await pageOf(at);
  const urls = [...body.toString().matchAll(/"(graphql\/assets\/([\w-]+)\.[0-9a-f]+\.(\w+))"/g)];
  return new Map(urls.map(([, url, name, extension]) => [`${name}.${extension}`, `/${url}`]));
}

export async function assetPath(at: string, name: string): Promise<string> {
  const path = (await assetsOf(at)).get(name);
  if (path === undefined) throw new Error(`the page names no ${name}`);
  return path;
}
