// From status and bytes to JSON or a problem, as it holds for every provider.

import { describe, expect, test } from 'vitest';
import type { ProblemCode } from '../../src/invitation/problem-code.ts';
import { readAnswer, retryAfterSeconds } from '../../src/upstream/answer.ts';
import type { UpstreamAnswer } from '../../src/upstream/request.ts';

const PARTOO = { provider: 'PARTOO', decode: (json: unknown) => ({ json }) } as const;
const CRONOFY = { ...PARTOO, provider: 'CRONOFY' } as const;

function answer(status: number, body = '', headers: UpstreamAnswer['headers'] = {}): UpstreamAnswer {
  return { status, headers, body: Buffer.from(body) };
}

describe('Retry-After', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');

  test.each([
    ['a second', '1', 1],
    ['a minute', '60', 60],
    ['no time at all', '0', 0],
    ['five minutes', '300', 300],
    ['a second more than five minutes', '301', 300],
    ['thirty years', '1000000000', 300],
    ['more seconds than a number can hold', '9'.repeat(400), 300],
    ['an HTTP date', 'Sun, 22 Nov 2026 12:00:30 GMT', 30],
    ['an HTTP date of next year', 'Mon, 22 Nov 2027 12:00:00 GMT', 300],
    ['a minute, with blanks', ' 60 ', 60],
    ['an HTTP date with a blank', 'Sun, 22 Nov 2026 12:00:30 GMT ', 30],
    ['two headers: the longer', ['1', '60'], 60],
    ['two headers, of which one makes no sense', ['soon', '60'], 60],
  ])('of %s is taken, up to five minutes', (_, header, seconds) => {
    expect(retryAfterSeconds({ 'retry-after': header }, now)).toBe(seconds);
  });

  test('as an HTTP date is rounded up: a moment too early would be refused again', () => {
    expect(retryAfterSeconds({ 'retry-after': 'Sun, 22 Nov 2026 12:00:30 GMT' }, now + 1)).toBe(30);
    expect(retryAfterSeconds({ 'retry-after': 'Sun, 22 Nov 2026 12:00:30 GMT' }, now + 999)).toBe(30);
  });

  test('as an HTTP date is counted from the date of the answer, whose clock it is of', () => {
    const headers = { 'retry-after': 'Sun, 22 Nov 2026 12:10:30 GMT', date: 'Sun, 22 Nov 2026 12:10:00 GMT' };
    expect(retryAfterSeconds(headers, now)).toBe(30);
    expect(retryAfterSeconds({ ...headers, date: 'today' }, now)).toBe(300);
  });

  test.each([
    ['an HTTP date that has passed', 'Sun, 22 Nov 2026 11:59:30 GMT'],
    ['a negative number', '-1'],
    ['a fraction', '1.5'],
    ['a word', 'abc'],
    ['a word and a year', 'soon 2099'],
    ['an empty text', ''],
    ['no header', undefined],
  ])('is unknown where there is %s', (_, header) => {
    expect(retryAfterSeconds({ 'retry-after': header }, now)).toBeNull();
  });
});

describe('an answer', () => {
  test.each([200, 201, 202, 299])('with %i gives its decoded JSON', (status) => {
    expect(readAnswer(answer(status, '{"status":"SENT"}'), PARTOO)).toEqual({ json: { status: 'SENT' } });
  });

  test('is read with a byte order mark before it', () => {
    expect(readAnswer(answer(200, '\ufeff{"status":"SENT"}'), PARTOO)).toEqual({ json: { status: 'SENT' } });
  });

  test('with 404 is that there is no such thing, whatever its body', () => {
    expect(readAnswer(answer(404, '<html>'), PARTOO)).toBeNull();
  });

  test('may be any JSON: the decoder of the provider checks it', () => {
    for (const json of [null, [], 'text', 1]) {
      expect(readAnswer(answer(200, JSON.stringify(json)), CRONOFY)).toEqual({ json });
    }
  });

  test.each(['', ' ', '<html></html>', '{"status":', '{"status":"SENT"}}', "{'status':1}", '\ufffd'])(
    'with 200 and the body %j is refused',
    (body) => {
      expect(() => readAnswer(answer(200, body), PARTOO)).toThrow(
        expect.objectContaining({ code: 'PROVIDER_BAD_RESPONSE', retryable: false, provider: 'PARTOO' }),
      );
    },
  );

  test.each<[number, ProblemCode, boolean]>([
    [206, 'PROVIDER_BAD_RESPONSE', false],
    [301, 'PROVIDER_BAD_RESPONSE', false],
    [302, 'PROVIDER_BAD_RESPONSE', false],
    [304, 'PROVIDER_BAD_RESPONSE', false],
    [307, 'PROVIDER_BAD_RESPONSE', false],
    [400, 'PROVIDER_REJECTED', false],
    [401, 'PROVIDER_UNAUTHORIZED', false],
    [402, 'PROVIDER_UNAUTHORIZED', false],
    [403, 'PROVIDER_UNAUTHORIZED', false],
    [408, 'PROVIDER_UNAVAILABLE', true],
    [410, 'PROVIDER_REJECTED', false],
    [422, 'PROVIDER_REJECTED', false],
    [423, 'PROVIDER_REJECTED', false],
    [429, 'PROVIDER_RATE_LIMITED', true],
    [500, 'PROVIDER_UNAVAILABLE', true],
    [503, 'PROVIDER_UNAVAILABLE', true],
    [599, 'PROVIDER_UNAVAILABLE', true],
  ])('with %i is %s (retryable: %s), even if its body is good', (status, code, retryable) => {
    expect(() => readAnswer(answer(status, '{"status":"SENT"}'), CRONOFY)).toThrow(
      expect.objectContaining({ code, retryable, provider: 'CRONOFY', retryAfterSeconds: null }),
    );
  });

  test('with 429 has the time to retry, where the provider gives one', () => {
    expect(() => readAnswer(answer(429, '', { 'retry-after': '60' }), PARTOO)).toThrow(
      expect.objectContaining({ code: 'PROVIDER_RATE_LIMITED', retryAfterSeconds: 60 }),
    );
  });

  test('that is an error has a message without the text of the provider', () => {
    for (const status of [200, 302, 400, 401, 429, 500]) {
      const read = () => readAnswer(answer(status, 'see https://internal.example, bob@example.com'), PARTOO);
      expect(read).toThrow(/^Partoo /);
      expect(read).not.toThrow(/internal|bob/);
    }
  });
});
