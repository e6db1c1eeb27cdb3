// Whether a request names one host. Node drops all Host headers but the first, and a proxy may have gone by another one.

import type { IncomingMessage } from 'node:http';

export function hasOneHost({ headers: { host }, rawHeaders }: IncomingMessage): boolean {
  if (host === undefined || !HOST.test(host)) return false;
  let hosts = 0;
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const name = rawHeaders[n];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts === 1;
}

const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

export const HOST_FAULT = 'The request names no host, or several: send one Host header.';

/** HAProxy's checks are HTTP/1.0 and name no host. Of HTTP/1.1 Node takes no such request. */
export function namesNoHost({ headers }: IncomingMessage): boolean {
  return headers.host === undefined;
}
