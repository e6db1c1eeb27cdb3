// Settings that are right one by one and wrong together.

import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { REDIS_URL_FORMS } from '../../src/redis/address.ts';
import { type Environment, readSettings, SettingsError } from '../../src/settings.ts';
import { endRuns, MAIN, run } from '../process.ts';

afterEach(endRuns);

/** The lines about single variables, in order. */
function mistakesIn(environment: Environment): string[] {
  try {
    readSettings(environment);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}

/** A file of certificates. */
const CA = fileURLToPath(new URL('authority.pem', import.meta.url));

describe('a contradiction', () => {
  test.each<[string, Environment, string[]]>([
    [
      'between two ages that are set',
      { FRESH_SECONDS: '30', REVALIDATE_SECONDS: '20' },
      ['FRESH_SECONDS must not be above REVALIDATE_SECONDS'],
    ],
    [
      'between an age and the default above it',
      { FRESH_SECONDS: '61' },
      ['FRESH_SECONDS must not be above REVALIDATE_SECONDS, which is 60 by default'],
    ],
    [
      'between an age and the default below it',
      { STALE_SECONDS: '59' },
      ['STALE_SECONDS must not be below REVALIDATE_SECONDS, which is 60 by default'],
    ],
    [
      'between all three ages',
      { FRESH_SECONDS: '3', REVALIDATE_SECONDS: '2', STALE_SECONDS: '1' },
      ['FRESH_SECONDS must not be above REVALIDATE_SECONDS', 'REVALIDATE_SECONDS must not be above STALE_SECONDS'],
    ],
    [
      'between the ages of changeable and of final states',
      { FINAL_SECONDS: '9' },
      ['FINAL_SECONDS must not be below FRESH_SECONDS, which is 10 by default'],
    ],
    [
      'between the streams of a caller and of the process',
      { MAX_STREAMS_PER_CALLER: '3', MAX_STREAMS: '2' },
      ['MAX_STREAMS_PER_CALLER must not be above MAX_STREAMS'],
    ],
    [
      'between the streams of a caller and the default of the process',
      { MAX_STREAMS_PER_CALLER: '2001' },
      ['MAX_STREAMS_PER_CALLER must not be above MAX_STREAMS, which is 2000 by default'],
    ],
    [
      'between the ports',
      { PORT: '4100', ADMIN_PORT: '4100', ADMIN_HOST: '127.0.0.2' },
      ['ADMIN_PORT must be another one than PORT'],
    ],
    [
      'between the default port and the admin port',
      { ADMIN_PORT: '4000' },
      ['ADMIN_PORT must be another one than PORT'],
    ],
    ['between PROCESSES and no REDIS_URL', { PROCESSES: '2' }, ['PROCESSES must be 1 where REDIS_URL is not set']],
    [
      'between an authority and no TLS',
      { REDIS_URL: 'redis://redis.example', REDIS_CA_FILE: CA },
      ['REDIS_CA_FILE must not be set where REDIS_URL is not one with rediss'],
    ],
    [
      'between an authority and no Redis',
      { REDIS_CA_FILE: CA },
      ['REDIS_CA_FILE must not be set where REDIS_URL is not one with rediss'],
    ],
  ])('%s is told', (_, environment, lines) => {
    expect(mistakesIn(environment)).toEqual(lines);
  });

  test('is reported beside mistakes in other variables', () => {
    const lines = mistakesIn({ PORT: 'abc', FRESH_SECONDS: '61', PARTOO_QUOTA: 'plenty' });
    expect(lines.map((line) => line.split(' ')[0]).toSorted()).toEqual(['FRESH_SECONDS', 'PARTOO_QUOTA', 'PORT']);
  });

  test('is not reported for a variable that is itself invalid', () => {
    expect(mistakesIn({ FRESH_SECONDS: '700', REVALIDATE_SECONDS: 'soon' })).toEqual([
      'REVALIDATE_SECONDS must be seconds, such as 10 or 0.5, below a million',
    ]);
    for (const more of [{ PROCESSES: '2' }, { REDIS_CA_FILE: CA }]) {
      expect(mistakesIn({ ...more, REDIS_URL: 'http://redis.example' })).toEqual([
        `REDIS_URL must be ${REDIS_URL_FORMS}`,
      ]);
    }
  });

  test('ends the start with 1, and the message has all contradictions and no values', async () => {
    const { ended, stdout, stderr } = run(MAIN, {
      FRESH_SECONDS: '7777',
      MAX_STREAMS_PER_CALLER: '8888',
      PROCESSES: '9999',
      LOG_LEVEL: 'loud',
    });
    expect(await ended).toEqual({ code: 1, signal: null });
    const names = stderr().matchAll(/^ {2}([A-Z_]+) must /gm);
    expect(Array.from(names, ([, name]) => name).toSorted()).toEqual([
      'FRESH_SECONDS',
      'LOG_LEVEL',
      'MAX_STREAMS_PER_CALLER',
      'PROCESSES',
    ]);
    expect(stdout() + stderr()).not.toMatch(/7777|8888|9999|loud|^\s+at /m);
  });
});

describe('no contradiction', () => {
  test.each<[string, Environment]>([
    [
      'are ages that are equal',
      { FRESH_SECONDS: '60', REVALIDATE_SECONDS: '60', STALE_SECONDS: '60', FINAL_SECONDS: '60' },
    ],
    ['are ages of 0', { FRESH_SECONDS: '0', REVALIDATE_SECONDS: '0', STALE_SECONDS: '0', FINAL_SECONDS: '0' }],
    ['is a long wait for what is not found', { NOT_FOUND_SECONDS: '3600', PATIENCE_SECONDS: '3600' }],
    ['is a process with fewer streams than a caller has by default', { MAX_STREAMS: '1' }],
    ['are several processes with Redis', { PROCESSES: '2', REDIS_URL: 'redis://127.0.0.1' }],
    ['is one process without Redis', { PROCESSES: '1' }],
    ['is an authority with TLS', { REDIS_URL: 'rediss+sentinel://h/main', REDIS_CA_FILE: CA }],
  ])('%s', (_, environment) => {
    expect(mistakesIn(environment)).toEqual([]);
  });
});
