// The operators' page, put together of its parts (page/) once, when it is first asked for: one document that loads nothing
// else. Its policy names each script and style by hash, so that nothing runs in it but these.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Each after those that it imports. */
const SCRIPTS = ['format', 'parts', 'plots', 'connection', 'findings', 'accounts', 'rest', 'main'];

interface Page {
  readonly html: string;
  readonly policy: string;
}

/** Answers with the page. */
export function createStatusPage(): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  let loading: Promise<Page> | undefined;

  return async (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    loading ??= loadPage();
    const { html, policy } = await loading.catch((error: unknown) => {
      // The next visitor tries again.
      loading = undefined;
      throw error;
    });
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(html),
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    // Node sends no body to a HEAD.
    response.end(html);
  };
}

async function loadPage(): Promise<Page> {
  const [document, ownStyle, plotsStyle, plots, modules] = await Promise.all([
    read('./page/page.html'),
    read('./page/page.css'),
    readFile(fileOfPackage('uPlot.min.css'), 'utf8'),
    readFile(fileOfPackage('uPlot.iife.min.js'), 'utf8'),
    Promise.all(SCRIPTS.map((name) => read(`./page/${name}.js`))),
  ]);
  const style = plotsStyle + ownStyle;
  const client = oneOf(SCRIPTS.map((name, n) => [name, modules[n] ?? '']));
  const html = withoutComments(document)
    .replace('/*style*/', () => style)
    .replace('/*plots*/', () => plots)
    .replace('/*client*/', () => client);
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(plots)} ${hashOf(client)}`,
    `style-src ${hashOf(style)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { html, policy };
}

/** Modules that import only each other as one script: each is a function of its own, so that names in it are its own. */
function oneOf(modules: readonly (readonly [name: string, source: string])[]): string {
  return `const modules = {};\n${modules.map(([name, source]) => functionOf(name, source)).join('\n')}`;
}

// Biome keeps every import and export in one form, so these are enough.
function functionOf(name: string, source: string): string {
  const exported = Array.from(source.matchAll(/^export (?:function|const) (\w+)/gm), ([, each]) => each);
  const body = source
    .replaceAll(/^import (\{[^}]*\}) from '\.\/(\w+)\.js';$/gm, 'const $1 = modules.$2;')
    .replaceAll(/^export /gm, '');
  return `modules.${name} = (() => {\n${body}\nreturn { ${exported.join(', ')} };\n})();`;
}

function withoutComments(html: string): string {
  return html.replaceAll(/^ *<!--.*?-->\n/gm, '');
}

function read(path: string): Promise<string> {
  return readFile(new URL(path, import.meta.url), 'utf8');
}

function fileOfPackage(name: string): URL {
  return new URL(import.meta.resolve(`uplot/dist/${name}`));
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
