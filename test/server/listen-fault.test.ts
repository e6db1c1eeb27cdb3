// What an operator is told where the gateway cannot listen. test/main.test.ts has what any machine can be made to say; ports
// below 1024 are refused to some users only, and families of addresses are missing on some machines.

import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { listenFault } from '../../src/server/listen-fault.ts';

/** As Node makes them. */
function systemFault(code: string, syscall: string): Error {
  return Object.assign(new Error(`${syscall} ${code}: somewhere`), { code, syscall });
}

test.each([
  ['EACCES', /^This user may not listen on that port: set PORT to one above 1023/],
  ['EAFNOSUPPORT', /^HOST is an address of a family that this machine does not use/],
  ['EADDRINUSE', /^The port is in use/],
])('%s is told in a sentence', (code, said) => {
  const told = listenFault(systemFault(code, 'listen'));
  expect(told).toMatch(said);
  expect(told).not.toMatch(/somewhere|\n/);
});

test('an error of a real listener has the form that is looked for', async () => {
  const error = await new Promise((resolve) => createServer().once('error', resolve).listen(0, '192.0.2.1'));
  expect(listenFault(error)).toMatch(/^HOST is no address of this machine/);
});

test.each([
  ['of another call', systemFault('EACCES', 'open')],
  ['without a code', new TypeError('a fault')],
])('what is no fault of HOST and PORT is left alone: an error %s', (_, error) => {
  expect(listenFault(error)).toBeUndefined();
});
