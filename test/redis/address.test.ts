// What REDIS_URL may be, and what it means.

import { expect, test } from 'vitest';
import { parseRedisUrl } from '../../src/redis/address.ts';

const PLAIN = {
  isCluster: false,
  primary: undefined,
  isTls: false,
  username: undefined,
  password: undefined,
  database: 0,
};
const host = (name: string, port: number) => ({ host: name, port });

test.each<[string, object]>([
  ['redis://h', { hosts: [host('h', 6379)] }],
  ['redis://h:7000/', { hosts: [host('h', 7000)] }],
  ['redis://h/12', { hosts: [host('h', 6379)], database: 12 }],
  ['rediss://redis.example:6380', { hosts: [host('redis.example', 6380)], isTls: true }],
  ['redis://[::1]:7000', { hosts: [host('::1', 7000)] }],
  ['redis://:p%40w@h', { hosts: [host('h', 6379)], password: 'p@w' }],
  ['redis://user:p:w@h', { hosts: [host('h', 6379)], username: 'user', password: 'p:w' }],
  [
    'redis://h1:7000,h2,[::1]:7001',
    { hosts: [host('h1', 7000), host('h2', 6379), host('::1', 7001)], isCluster: true },
  ],
  [
    'rediss://user:pw@h1,h2/0',
    { hosts: [host('h1', 6379), host('h2', 6379)], isCluster: true, isTls: true, username: 'user', password: 'pw' },
  ],
  ['redis+cluster://h', { hosts: [host('h', 6379)], isCluster: true }],
  ['redis+sentinel://h/main', { hosts: [host('h', 26379)], primary: 'main' }],
  [
    'rediss+sentinel://user:pw@h1:1,h2/my%20main/3',
    {
      hosts: [host('h1', 1), host('h2', 26379)],
      primary: 'my main',
      database: 3,
      isTls: true,
      username: 'user',
      password: 'pw',
    },
  ],
])('REDIS_URL may be %s', (url, expected) => {
  expect(parseRedisUrl(url)).toEqual({ ...PLAIN, ...expected });
});

test.each([
  '',
  'h:6379',
  'http://h',
  'redis:h',
  'redis://',
  'redis://:6379',
  'redis://h:port',
  'redis://h:99999',
  'redis://h1,,h2',
  'redis://h1,h2/1',
  'redis://h/main',
  'redis://h/1/2',
  'redis://h?db=1',
  'redis://h#1',
  'redis://p%ww@h',
  'redis://p/w@h',
  'redis+cluster://h/1',
  'redis+sentinel://h',
  'redis+sentinel://h/',
  'redis+sentinel://h/main/x',
  'redis+tls://h',
])('REDIS_URL may not be "%s"', (url) => {
  expect(parseRedisUrl(url)).toBeUndefined();
});
