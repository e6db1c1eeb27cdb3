// What the log is told of calls that fail: the first of each kind, and when it is over. On a clock that the test sets.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  ProviderBadResponse,
  ProviderRejected,
  ProviderThrottled,
  ProviderUnauthorized,
  ProviderUnavailable,
} from '../../src/invitation/problem.ts';
import { type Trouble, Troubles, troubleOfBreaking, troubleOfConnecting } from '../../src/upstream/troubles.ts';

let told: string[];
let troubles: Troubles;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  const tell = (what: string) => (trouble: Trouble) => void told.push(`${trouble.kind} ${trouble.detail} ${what}`);
  troubles = new Troubles({ began: tell('began'), ended: tell('ended') });
});
afterEach(() => vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTime(ms);
const refused: Trouble = { kind: 'connect', detail: 'ECONNREFUSED' };

test('a kind of trouble is reported once, however many calls fail', () => {
  for (let n = 0; n < 100; n++) {
    troubles.failed(refused);
    pass(100);
  }
  expect(told).toEqual(['connect ECONNREFUSED began']);
});

test('a trouble is over when a call was answered, and none has failed like that for ten seconds', () => {
  troubles.failed(refused);
  pass(3_000);
  troubles.answered();
  pass(4_000);
  troubles.failed(refused);
  troubles.answered();
  pass(9_999);
  expect(told).toEqual(['connect ECONNREFUSED began']);
  pass(1);
  expect(told).toEqual(['connect ECONNREFUSED began', 'connect ECONNREFUSED ended']);
  troubles.failed(refused);
  expect(told).toHaveLength(3);
});

test('a trouble is not over while no call is made, or no call is answered', () => {
  troubles.failed(refused);
  pass(3_600_000);
  troubles.failed(refused);
  pass(3_600_000);
  expect(told).toEqual(['connect ECONNREFUSED began']);
});

test('one failure among many answers is one trouble while it lasts', () => {
  for (let n = 0; n < 600; n++) {
    if (n % 50 === 0) troubles.failed({ kind: 'status', detail: 503 });
    else troubles.answered();
    pass(100);
  }
  expect(told).toEqual(['status 503 began']);
  pass(10_000);
  expect(told).toEqual(['status 503 began', 'status 503 ended']);
});

test('each kind of trouble begins and ends by itself, and so does each of its codes', () => {
  troubles.failed({ kind: 'status', detail: 503 });
  troubles.failed({ kind: 'status', detail: 401 });
  pass(5_000);
  troubles.failed({ kind: 'status', detail: 401 });
  troubles.answered();
  pass(6_000);
  expect(told).toEqual(['status 503 began', 'status 401 began', 'status 503 ended']);
  pass(6_000);
  expect(told.slice(3)).toEqual(['status 401 ended']);
  expect(vi.getTimerCount()).toBe(0);
});

test.each<[unknown, number, string[]]>([
  [new ProviderUnavailable('PARTOO'), 503, ['status 503 began']],
  [new ProviderUnauthorized('PARTOO'), 401, ['status 401 began']],
  [new ProviderThrottled('PARTOO', 1), 429, ['status 429 began']],
  [new ProviderBadResponse('PARTOO'), 200, ['answer 200 began']],
  [new ProviderBadResponse('PARTOO'), 302, ['answer 302 began']],
  [new TypeError('a fault of ours'), 200, ['answer 200 began']],
  // This one request could not be served.
  [new ProviderRejected('PARTOO'), 422, []],
])('an answer that is a problem: %o', (problem, status, expected) => {
  troubles.answeredWith(problem, status);
  expect(told).toEqual(expected);
});

const withCode = (code: string, more = {}) => Object.assign(new Error('at https://secret.example'), { code, ...more });

test.each<[Error, Trouble]>([
  [withCode('ENOTFOUND', { syscall: 'getaddrinfo' }), { kind: 'resolve', detail: 'ENOTFOUND' }],
  [withCode('EAI_AGAIN', { syscall: 'getaddrinfo' }), { kind: 'resolve', detail: 'EAI_AGAIN' }],
  [withCode('ECONNREFUSED', { syscall: 'connect' }), { kind: 'connect', detail: 'ECONNREFUSED' }],
  [withCode('EHOSTUNREACH'), { kind: 'connect', detail: 'EHOSTUNREACH' }],
  [withCode('UND_ERR_CONNECT_TIMEOUT'), { kind: 'time', detail: 'UND_ERR_CONNECT_TIMEOUT' }],
  [withCode('ETIMEDOUT'), { kind: 'time', detail: 'ETIMEDOUT' }],
  [withCode('CERT_HAS_EXPIRED'), { kind: 'certificate', detail: 'CERT_HAS_EXPIRED' }],
  [withCode('ERR_TLS_CERT_ALTNAME_INVALID'), { kind: 'certificate', detail: 'ERR_TLS_CERT_ALTNAME_INVALID' }],
  [withCode('DEPTH_ZERO_SELF_SIGNED_CERT'), { kind: 'certificate', detail: 'DEPTH_ZERO_SELF_SIGNED_CERT' }],
  [withCode('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), { kind: 'certificate', detail: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' }],
  [withCode('ERR_SSL_WRONG_VERSION_NUMBER'), { kind: 'connect', detail: 'ERR_SSL_WRONG_VERSION_NUMBER' }],
  [withCode('see https://secret.example'), { kind: 'connect', detail: undefined }],
])('a connection that cannot be made: %o', (error, trouble) => {
  expect(troubleOfConnecting(error)).toEqual(trouble);
});

test.each<[Error, Trouble]>([
  [withCode('ECONNRESET'), { kind: 'closed', detail: 'ECONNRESET' }],
  [withCode('UND_ERR_SOCKET'), { kind: 'closed', detail: 'UND_ERR_SOCKET' }],
  [withCode('HPE_INVALID_CONSTANT'), { kind: 'answer', detail: 'HPE_INVALID_CONSTANT' }],
])('a connection that breaks: %o', (error, trouble) => {
  expect(troubleOfBreaking(error)).toEqual(trouble);
});
