// GET of a text that is made in slices, as fast as its reader takes them.

import type { Handler } from './reply.ts';
import { drained } from './stalled.ts';

/** @param text Made anew for each request. */
export function createScrapeHandler(text: () => AsyncIterable<string>, contentType: string): Handler {
  return async (_, response) => {
    response.writeHead(200, {
      'content-type': contentType,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    for await (const slice of text()) {
      if (response.destroyed) return;
      if (!response.write(slice)) await drained(response);
    }
    response.end();
  };
}
