// A collector of traces for benchmarks: takes what is posted and keeps nothing of it. To a GET it says how often it was
// posted to.

import { createServer } from 'node:http';

let posts = 0;

createServer((request, response) => {
  if (request.method === 'POST') posts += 1;
  request.resume().on('end', () => response.writeHead(200).end(request.method === 'GET' ? String(posts) : ''));
}).listen(Number(process.argv[2]), '127.0.0.1');
