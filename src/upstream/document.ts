// One JSON document that is fetched now and then, such as a set of keys: under a cap, within a time, from exactly where it is
// asked for. It goes out as calls to providers do: through a proxy where no other way leads out.

import { Client } from 'undici';
import { type ConnectorOptions, createConnector } from './connector.ts';
import { parseJson } from './json.ts';

export interface DocumentOptions extends Pick<ConnectorOptions, 'proxy'> {
  readonly url: string;
  /** For all of it, in milliseconds. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** @throws Error where it is no JSON, is too large, takes too long, or does not come with 200: no redirect is followed. */
export async function fetchDocument({ url, timeoutMs, maxBytes, proxy }: DocumentOptions): Promise<unknown> {
  const { origin, pathname, search } = new URL(url);
  const connector = createConnector(origin, { connectTimeoutMs: timeoutMs, proxy });
  const client = new Client(origin, {
    allowH2: false,
    connect: (_, connected) => connector((...outcome) => connected(...outcome)),
  });
  const signal = AbortSignal.timeout(timeoutMs);
  // undici looks at the signal once it has a connection, and a proxy takes its time before that.
  const timedOut = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  try {
    return parseJson(await Promise.race([bytesOf(client, pathname + search, signal, maxBytes), timedOut]));
  } finally {
    void client.destroy();
  }
}

async function bytesOf(client: Client, path: string, signal: AbortSignal, maxBytes: number): Promise<Buffer> {
  const headers = { accept: 'application/json' };
  const { statusCode, body } = await client.request({ method: 'GET', path, headers, signal });
  if (statusCode !== 200) throw new Error(`the document came with status ${statusCode}`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error('the document is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
