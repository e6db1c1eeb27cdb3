// README's "Run it in production", taken apart for the tests that follow it.

import { readFileSync } from 'node:fs';

const readme = readFileSync('README.md', 'utf8');
const from = readme.indexOf('## Run it in production');
export const PAGE = readme.slice(from, readme.indexOf('### How it behaves', from));

/** The block of the page that contains this text. */
export function blockOf(language: string, text: string): string {
  const blocks = [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))];
  const found = blocks.find(([, body = '']) => body.includes(text))?.[1];
  if (found === undefined) throw new Error(`The page has no block of ${language} with ${text}.`);
  return found;
}

/** The secrets as they stand there, by the name of their files. */
export const SECRET_FILES: Readonly<Record<string, string>> = Object.fromEntries(
  [...blockOf('sh', 'mkdir').matchAll(/^printf %s '(.*)' >secrets\/(\w+)$/gm)].map(([, text, name]) => [name, text]),
);
