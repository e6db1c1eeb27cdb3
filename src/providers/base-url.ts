// A base URL given in place of a provider's own host, as settings take it.

import { z } from 'zod';

/** An http(s) URL whose path is exactly `path`, without query, credentials or fragment; given back as origin and path. */
export function baseUrl(path: '' | `/${string}`) {
  return z
    .string()
    .refine((text) => isBaseUrl(text, path), {
      error: `must be an http or https URL that ends in ${path || 'its host or port'}`,
    })
    .transform((text) => ({ origin: new URL(text).origin, path }));
}

function isBaseUrl(text: string, path: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return url.pathname.replace(/\/$/, '') === path && url.search + url.hash + url.username + url.password === '';
}
