// The GraphiQL page and its assets as bytes: what a browser may keep, what is compressed, and what is loaded when.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { GraphiqlPageOptions } from '../../src/server/graphiql-html.ts';
import { createGraphiqlPage, isPageRequest } from '../../src/server/graphiql-page.ts';
import { rawRequest } from './raw-request.ts';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'accept-encoding': 'gzip, deflate, br' };

/** Serves the page and its assets, and 404 for what is neither. @returns its origin, and what ends it. */
async function serve(options: Partial<GraphiqlPageOptions> = {}): Promise<[string, () => void]> {
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
async function startAnother(options?: Partial<GraphiqlPageOptions>): Promise<string> {
  const [another, stop] = await serve(options);
  onTestFinished(stop);
  return another;
}

let origin: string;
beforeAll(async () => {
  const [started, stop] = await serve();
  origin = started;
  return stop;
});

const pageOf = (at: string, headers = {}) => rawRequest(`${at}/graphql`, { ...BROWSER, ...headers });

/** The paths of the assets that the page names, by what stands before their hash. */
async function assetsOf(at: string): Promise<Map<string, string>> {
  const { body } = await pageOf(at);
  const urls = [...body.toString().matchAll(/"(graphql\/assets\/([\w-]+)\.[0-9a-f]+\.(\w+))"/g)];
  return new Map(urls.map(([, url, name, extension]) => [`${name}.${extension}`, `/${url}`]));
}

async function assetPath(at: string, name: string): Promise<string> {
  const path = (await assetsOf(at)).get(name);
  if (path === undefined) throw new Error(`the page names no ${name}`);
  return path;
}

/** The worker threads that are started from here to the end of the test. */
function watchWorkers(): readonly Worker[] {
  const workers: Worker[] = [];
  const listener = (worker: Worker) => void workers.push(worker);
  process.on('worker', listener);
  onTestFinished(() => void process.off('worker', listener));
  return workers;
}

describe('the page', () => {
  test('has the place for a token where tokens are asked for, and is told not to keep it', async () => {
    const asking = (await pageOf(await startAnother({ asksForTokens: true }))).body.toString();
    expect(asking).toContain(String.raw`"headers":"{\"authorization\": \"Bearer \"}","shouldPersistHeaders":false`);
    expect((await pageOf(origin)).body.toString()).not.toMatch(/Bearer|shouldPersistHeaders/);
  });

  test('is small, is revalidated at every visit, and names its assets by the hash of their content', async () => {
    const { status, headers, body } = await pageOf(origin);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      etag: expect.stringMatching(/^"[\w-]{43}"$/),
      vary: 'Accept',
    });
    expect(body.length).toBeLessThan(4_000);
    expect([...(await assetsOf(origin)).keys()].sort()).toEqual([
      'editor-worker.js',
      'favicon.ico',
      'graphiql.css',
      'graphiql.js',
      'graphql-worker.js',
      'json-worker.js',
    ]);
  });

  test.each([
    ['its tag', (etag: string) => etag],
    ['its tag as a weak one', (etag: string) => `W/${etag}`],
    ['its tag among others', (etag: string) => `"another", ${etag}`],
    ['any tag', () => '*'],
  ])('is a 304 without a body for a caller whose If-None-Match has %s', async (_, ifNoneMatch) => {
    const { etag = '' } = (await pageOf(origin)).headers;
    const { status, headers, body } = await pageOf(origin, { 'if-none-match': ifNoneMatch(etag) });
    expect(status).toBe(304);
    expect(headers).toMatchObject({ etag, 'cache-control': 'no-cache', vary: 'Accept' });
    expect(body).toHaveLength(0);
  });

  test('comes again for a caller that has another tag', async () => {
    const { etag } = (await pageOf(origin)).headers;
    const { status, headers } = await pageOf(await startAnother({ title: 'Another title' }), { 'if-none-match': etag });
    expect(status).toBe(200);
    expect(headers.etag).not.toBe(etag);
  });

  test('comes to a HEAD without its body', async () => {
    const get = await pageOf(origin);
    const head = await rawRequest(`${origin}/graphql`, BROWSER, 'HEAD');
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' });
    expect(head.headers['content-length']).toBe(String(get.body.length));
  });

  test('holds its tabs and its title as data, whatever text is in them', async () => {
    const hostile = '</script><script>alert(1)</script>"&';
    const tabs = [{ query: `# ${hostile}`, variables: '{}' }];
    const html = (await pageOf(await startAnother({ tabs, title: hostile }))).body.toString();
    expect(html).not.toContain('<script>alert');
    expect(html).toContain('<title>&lt;/script>&lt;script>alert(1)&lt;/script>&quot;&amp;</title>');
    const [, json = ''] = /\.\.\.(\{.*\}),\n/.exec(html) ?? [];
    expect(JSON.parse(json)).toEqual({ title: hostile, defaultTabs: tabs });
  });

  test.each([
    ['the path alone', '/graphql'],
    ['a parameter that names no operation', '/graphql?from=wiki'],
  ])('is what a browser gets for %s', async (_, target) => {
    expect((await rawRequest(`${origin}${target}`, { accept: 'text/html' })).status).toBe(200);
  });

  test.each([
    ['a caller that accepts JSON', '/graphql', 'application/json'],
    ['a caller that accepts any type', '/graphql', '*/*'],
    ['a link with a query', '/graphql?query=%7B__typename%7D', 'text/html'],
    ['a link with a query behind another question mark', '/graphql?a?&query=%7B__typename%7D', 'text/html'],
    ['a link with the hash of a query', '/graphql?extensions=%7B%7D', 'text/html'],
    ['a link with the id of a document', '/graphql?documentId=a', 'text/html'],
  ])('is not given to %s', async (_, target, accept) => {
    expect((await rawRequest(`${origin}${target}`, { accept })).status).toBe(404);
  });
});

describe('an asset', () => {
  test.each([
    ['graphiql.js', 'text/javascript; charset=utf-8'],
    ['graphiql.css', 'text/css; charset=utf-8'],
    ['favicon.ico', 'image/x-icon'],
    ['editor-worker.js', 'text/javascript; charset=utf-8'],
    ['json-worker.js', 'text/javascript; charset=utf-8'],
    ['graphql-worker.js', 'text/javascript; charset=utf-8'],
  ])('%s is compressed, and may be cached for ever under its hash', async (name, contentType) => {
    const path = await assetPath(origin, name);
    const { status, headers, body } = await rawRequest(`${origin}${path}`, BROWSER);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': contentType,
      'content-encoding': 'gzip',
      'content-length': String(body.length),
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      vary: 'Accept-Encoding',
    });
    const content = gunzipSync(body);
    expect(content.length).toBeGreaterThan(1.5 * body.length);
    expect(path).toContain(`.${createHash('sha256').update(content).digest('hex').slice(0, 16)}.`);
  });

  test.each([undefined, '', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.0, *;q=1', '*;q=0'])(
    'is not compressed for a caller with accept-encoding: %s',
    async (acceptEncoding) => {
      const url = `${origin}${await assetPath(origin, 'graphiql.js')}`;
      const compressed = await rawRequest(url, BROWSER);
      const headers = acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding };
      const plain = await rawRequest(url, headers);
      expect(plain.headers).not.toHaveProperty('content-encoding');
      expect(plain.headers['content-length']).toBe(String(plain.body.length));
      expect(plain.body.equals(gunzipSync(compressed.body))).toBe(true);
      expect(plain.body.toString()).toContain('renderYogaGraphiQL');
    },
  );

  test.each(['gzip', 'GZIP;q=0.5', 'br, *', 'deflate, gzip'])(
    'is compressed for a caller with accept-encoding: %s',
    async (acceptEncoding) => {
      const path = await assetPath(origin, 'json-worker.js');
      const { headers } = await rawRequest(`${origin}${path}`, { 'accept-encoding': acceptEncoding });
      expect(headers['content-encoding']).toBe('gzip');
    },
  );

  test.each([BROWSER, {}])('comes to a HEAD without its body', async (headers) => {
    const url = `${origin}${await assetPath(origin, 'graphiql.css')}`;
    const [get, head] = [await rawRequest(url, headers), await rawRequest(url, headers, 'HEAD')];
    expect(head.body).toHaveLength(0);
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' });
  });

  test('is found only under its own name, hash and folder, and only by GET and HEAD', async () => {
    const path = await assetPath(origin, 'graphiql.js');
    for (const other of [
      path.replace(/\.[0-9a-f]+\./, '.0123456789abcdef.'),
      path.replace('.js', '.css'),
      path.replace('graphiql.', 'graphiq.'),
      path.replace('/assets/', '/assets//'),
      path.replace('/graphql', ''),
      '/graphql/assets/',
    ]) {
      expect((await rawRequest(`${origin}${other}`)).status, other).toBe(404);
    }
    expect((await rawRequest(`${origin}${path}`, {}, 'POST')).status).toBe(404);
    expect((await rawRequest(`${origin}${path}`)).status).toBe(200);
  });

  test('comes complete to a caller after another one has left in the middle of it', async () => {
    const path = await assetPath(origin, 'graphiql.js');
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(origin).port) });
    socket.write(`GET ${path} HTTP/1.1\r\nhost: gateway\r\n\r\n`);
    await once(socket, 'data');
    socket.resetAndDestroy();
    const { headers, body } = await rawRequest(`${origin}${path}`);
    expect(headers['content-length']).toBe(String(body.length));
  });
});

describe('loading the page', () => {
  test('starts at the first visit, and happens once for many visitors', async () => {
    const workers = watchWorkers();
    const another = await startAnother();
    expect((await rawRequest(`${another}/health`)).status).toBe(404);
    expect(workers).toHaveLength(0);
    const pages = await Promise.all(Array.from({ length: 10 }, () => pageOf(another)));
    expect(pages.map(({ status }) => status)).toEqual(Array(10).fill(200));
    for (const path of (await assetsOf(another)).values()) await rawRequest(`${another}${path}`, BROWSER);
    expect(workers).toHaveLength(1);
  });

  test('leaves no thread behind', async () => {
    const workers = watchWorkers();
    await pageOf(await startAnother());
    // A thread that has ended has no id any more.
    await expect.poll(() => workers.map(({ threadId }) => threadId)).toEqual([-1]);
  });

  test('starts for an asset too, whose name may come from another process', async () => {
    const path = await assetPath(origin, 'graphiql.css');
    const workers = watchWorkers();
    expect((await rawRequest(`${await startAnother()}${path}`)).status).toBe(200);
    expect(workers).toHaveLength(1);
  });

  test('is tried again by the next visitor after it has failed', async () => {
    const another = await startAnother();
    process.once('worker', (worker: Worker) => void worker.terminate());
    const failed = await pageOf(another);
    expect([failed.status, failed.body.toString()]).toEqual([500, expect.stringContaining('GraphiQL')]);
    expect((await pageOf(another)).status).toBe(200);
  });
});
