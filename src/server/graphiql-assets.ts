// A worker thread's program: loads what GraphiQL is made of, compresses each part, hands the compressed parts over and
// ends. The package is one module of nine megabytes, and a module that is imported stays in memory as long as its
// thread: a thread that ends gives it back. Other files import only types from here.

import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { parentPort } from 'node:worker_threads';
import { gzip as gzipWithCallback } from 'node:zlib';
import {
  css,
  editorWorkerService,
  favicon,
  graphqlWorker,
  js,
  jsonWorker,
} from '@graphql-yoga/render-graphiql/graphiql';
import { OWN_STYLE } from './graphiql-style.ts';

export interface GraphiqlAsset {
  /** Its name with the hash of its content, such as `graphiql.0123456789abcdef.js`. */
  readonly file: string;
  readonly contentType: string;
  /** How many bytes it is without compression. */
  readonly bytes: number;
  readonly gzipped: Uint8Array;
}

export interface GraphiqlAssets {
  readonly script: GraphiqlAsset;
  readonly style: GraphiqlAsset;
  readonly icon: GraphiqlAsset;
  readonly editorWorker: GraphiqlAsset;
  readonly jsonWorker: GraphiqlAsset;
  readonly graphqlWorker: GraphiqlAsset;
}

const CONTENT_TYPES = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  ico: 'image/x-icon',
} as const;

const gzip = promisify(gzipWithCallback);

async function assetOf(name: string, extension: keyof typeof CONTENT_TYPES, content: Buffer): Promise<GraphiqlAsset> {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  return {
    file: `${name}.${hash}.${extension}`,
    contentType: CONTENT_TYPES[extension],
    bytes: content.length,
    gzipped: await gzip(content),
  };
}

async function compressAll(): Promise<GraphiqlAssets> {
  // A data URL: what comes after the comma is the icon.
  const iconBytes = Buffer.from(favicon.slice(favicon.indexOf(',') + 1), 'base64');
  const [script, style, icon, editor, json, graphql] = await Promise.all([
    assetOf('graphiql', 'js', Buffer.from(js)),
    assetOf('graphiql', 'css', Buffer.from(css + OWN_STYLE)),
    assetOf('favicon', 'ico', iconBytes),
    assetOf('editor-worker', 'js', Buffer.from(editorWorkerService)),
    assetOf('json-worker', 'js', Buffer.from(jsonWorker)),
    assetOf('graphql-worker', 'js', Buffer.from(graphqlWorker)),
  ]);
  return { script, style, icon, editorWorker: editor, jsonWorker: json, graphqlWorker: graphql };
}

parentPort?.postMessage(await compressAll());
