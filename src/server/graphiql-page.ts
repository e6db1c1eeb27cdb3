// GraphiQL for a browser: a small page that is asked for at every visit, and its assets, which a browser keeps for good
// because their names change with their content. Everything comes from this process. Assets are loaded and compressed
// at the first visit, and held in their compressed form alone: two megabytes instead of nine.

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';
import { createGunzip } from 'node:zlib';
import type { GraphiqlAsset, GraphiqlAssets } from './graphiql-assets.ts';
import { type GraphiqlPageOptions, renderPage } from './graphiql-html.ts';

export interface GraphiqlPage {
  /** Answers with the page; a browser that has it already gets a 304. @throws Error where GraphiQL cannot be loaded. */
  page(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /**
   * Answers with the asset of that path (without a query string); false where there is none, with nothing answered.
   * @throws Error where GraphiQL cannot be loaded.
   */
  asset(path: string, request: IncomingMessage, response: ServerResponse): boolean | Promise<boolean>;
}

const ASSETS_PATH = '/graphql/assets/';
const ASSET_FILE = /^[a-z-]+\.[0-9a-f]{16}\.(?:js|css|ico)$/;

/** Any of them in a URL names an operation. */
const OPERATION_PARAMETERS = ['query', 'extensions', 'documentId'];

interface Loaded {
  readonly html: string;
  readonly etag: string;
  readonly assets: ReadonlyMap<string, GraphiqlAsset>;
}

export function createGraphiqlPage(options: GraphiqlPageOptions): GraphiqlPage {
  let loading: Promise<Loaded> | undefined;

  function load(): Promise<Loaded> {
    loading ??= loadAssets()
      .then((assets) => prepare(assets, options))
      .catch((error: unknown) => {
        // The next visitor tries again.
        loading = undefined;
        throw error;
      });
    return loading;
  }

  async function sendAssetOf(file: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const asset = (await load()).assets.get(file);
    if (asset !== undefined) await sendAsset(asset, request, response);
    return asset !== undefined;
  }

  return {
    async page(request, response) {
      const { html, etag } = await load();
      // The same path answers with JSON to those who accept that.
      response.appendHeader('vary', 'Accept');
      const headers = { etag, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' };
      if (hasSameEtag(request.headers['if-none-match'], etag)) {
        response.writeHead(304, headers).end();
        return;
      }
      response.writeHead(200, {
        ...headers,
        'content-type': 'text/html; charset=utf-8',
        'content-length': Buffer.byteLength(html),
      });
      // Node sends no body to a HEAD.
      response.end(html);
    },
    asset(path, request, response) {
      const file = path.startsWith(ASSETS_PATH) ? path.slice(ASSETS_PATH.length) : '';
      return ASSET_FILE.test(file) && isRead(request) && sendAssetOf(file, request, response);
    },
  };
}

/** Whether a request of the GraphQL path wants the page: it takes HTML, and it names no operation. */
export function isPageRequest(request: IncomingMessage): boolean {
  if (!isRead(request) || !/\btext\/html\b/i.test(request.headers.accept ?? '')) return false;
  const parameters = new URLSearchParams(request.url?.replace(/^[^?]*/, ''));
  return !OPERATION_PARAMETERS.some((name) => parameters.has(name));
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function loadAssets(): Promise<GraphiqlAssets> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./graphiql-assets.ts', import.meta.url));
    worker.once('message', (assets: GraphiqlAssets) => {
      resolve(assets);
      // Whatever else runs in it (a tracer that every thread loads) would keep its memory.
      void worker.terminate();
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the worker that loads GraphiQL ended without it')));
  });
}

function prepare(assets: GraphiqlAssets, options: GraphiqlPageOptions): Loaded {
  const html = renderPage(assets, options);
  return {
    html,
    etag: `"${createHash('sha256').update(html).digest('base64url')}"`,
    assets: new Map(Object.values(assets).map((asset: GraphiqlAsset) => [asset.file, asset])),
  };
}

async function sendAsset(asset: GraphiqlAsset, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const isCompressed = acceptsGzip(request.headers['accept-encoding']);
  response.appendHeader('vary', 'Accept-Encoding');
  response.writeHead(200, {
    'content-type': asset.contentType,
    'content-length': isCompressed ? asset.gzipped.length : asset.bytes,
    ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
  });
  if (isCompressed || request.method === 'HEAD') {
    response.end(asset.gzipped);
    return;
  }
  // It fails where the caller leaves, which needs no answer.
  await pipeline(Readable.from([asset.gzipped]), createGunzip(), response).catch(() => undefined);
}

function acceptsGzip(header = ''): boolean {
  const weights = new Map<string, number>();
  for (const range of header.toLowerCase().split(',')) {
    const [coding = '', ...parameters] = range.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice('q='.length) ?? '1';
    weights.set(coding, Number(weight));
  }
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}

/** A proxy that compresses what it passes on marks the tag as weak; it is the same page. */
function hasSameEtag(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, ''))) ?? false;
}
