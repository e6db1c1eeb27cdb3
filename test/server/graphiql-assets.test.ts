// GraphiQL's assets as bytes: what a browser may keep, what is compressed, and what is loaded when.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { assetPath, assetsOf, BROWSER, pageOf, serve, startAnother } from './graphiql-served.ts';
import { rawRequest } from './raw-request.ts';

let origin: string;
beforeAll(async () => {
  const [started, stop] = await serve();
  origin = started;
  return stop;
});

/** The worker threads that are started from here to the end of the test. */
function watchWorkers(): readonly Worker[] {
  const workers: Worker[] = [];
  const listener = (worker: Worker) => void workers.push(worker);
  process.on('worker', listener);
  onTestFinished(() => void process.off('worker', listener));
  return workers;
}

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
