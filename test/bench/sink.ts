// A collector of traces for benchmarks: takes what is posted, and keeps nothing of it.

import { createServer } from 'node:http';

createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200).end());
}).listen(Number(process.argv[2]), '127.0.0.1');
