// The gateway as `npm start` starts it, with a second port that tells how many bytes it holds after a collection.

import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import '../../src/main.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

createServer((_, response) => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  response.end(String(heapUsed + external));
}).listen(Number(process.env.PORT) + 50, '127.0.0.1');
