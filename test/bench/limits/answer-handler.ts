// A handler written by hand, for `npm run bench:limits`: a Node handler that reads a request and answers with JSON,
// whose objects are made anew for each. PUT tells it what to answer.

import { createServer, type IncomingMessage } from 'node:http';

let answer: unknown = {};

async function read(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) copy[key] = copyOf(each);
  return copy;
}

createServer(async (request, response) => {
  const body = await read(request);
  if (request.method === 'PUT') answer = body;
  const text = request.method === 'POST' ? JSON.stringify(copyOf(answer)) : '{"status":"alive"}';
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}).listen(Number(process.argv[2]), '127.0.0.1');
