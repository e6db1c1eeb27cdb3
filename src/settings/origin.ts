// Origins as settings name them: to the letter as a browser writes them (RFC 6454, 6.2), because they are compared so. What is
// nearly one is told by what is too much or missing in it, and not repeated.

import { z } from 'zod';

export function originSetting(example: string) {
  return z.string().superRefine((text, context) => {
    if (!isOrigin(text)) context.addIssue(`must be an origin such as ${example}${hintFor(text)}`);
  });
}

/** Several, separated by commas. */
export function originsSetting(example: string) {
  return z
    .string()
    .transform((text) => text.split(',').map((origin) => origin.trim()))
    .superRefine((origins, context) => {
      const wrong = origins.find((origin) => !isOrigin(origin));
      if (wrong !== undefined)
        context.addIssue(`must be origins such as ${example}, separated by commas${hintFor(wrong)}`);
    });
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.parse(text)?.origin === text;
}

function hintFor(text: string): string {
  if (text === '*') return ', each by its name and not by a star';
  if (/^[\w.-]+(:\d+)?\/?$/.test(text)) return ', with http:// or https:// before the host';
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return '';
  if (url.username + url.password !== '') return ', without a name or password';
  if (url.pathname + url.search + url.hash !== '/') return ', without a path';
  if (text === `${url.origin}/`) return ', without the slash at the end';
  return ', as browsers write it: in small letters, and without the usual port';
}
