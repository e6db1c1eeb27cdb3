// The GraphiQL page as bytes: what it holds, and what a browser may keep of it.

import { beforeAll, describe, expect, test } from 'vitest';
import { assetsOf, BROWSER, pageOf, serve, startAnother } from './graphiql-served.ts';
import { rawRequest } from './raw-request.ts';

let origin: string;
beforeAll(async () => {
  const [started, stop] = await serve();
  origin = started;
  return stop;
});

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
