// REDIS_URL → where Redis is, and how it is run: one server, a cluster, or a primary that Sentinels know. It opens no
// connection, so that the settings can be checked by it.

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

export interface RedisAddress {
  /** Of the server, of some of a cluster's servers, or of Sentinels. */
  readonly hosts: readonly [RedisHost, ...RedisHost[]];
  readonly isCluster: boolean;
  /** What Sentinels call the primary; undefined where there are none. */
  readonly primary: string | undefined;
  readonly isTls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

/** What a URL has to be, for the message of a mistake. */
export const REDIS_URL_FORMS =
  'redis://host:6379, a cluster as redis://host1:7000,host2:7001 or redis+cluster://host:7000, or ' +
  'redis+sentinel://host1:26379,host2:26379/<name of the primary>, with rediss for TLS, user:password@ percent-encoded';

const REDIS_URL = /^redis(s?)(?:\+(cluster|sentinel))?:\/\/(?:([^/?#]*)@)?([^@/?#]+)(?:\/([^?#]*))?$/;
const DEFAULT_PORT = 6_379;
const SENTINEL_PORT = 26_379;

/** undefined where the text is no such URL. */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const match = REDIS_URL.exec(text);
  if (match === null) return undefined;
  const [, tls, scheme, credentials = '', hostTexts = '', path = ''] = match;
  const isSentinel = scheme === 'sentinel';
  const hosts = hostTexts.split(',').map((host) => hostOf(host, isSentinel ? SENTINEL_PORT : DEFAULT_PORT));
  const isCluster = scheme === 'cluster' || (hosts.length > 1 && !isSentinel);
  const segments = path.split('/');
  const primary = isSentinel ? decode(segments.shift() ?? '') : undefined;
  const [database = '', ...rest] = segments;
  const [username, password] = credentialsOf(credentials);
  const [first, ...others] = hosts.filter((host) => host !== undefined);
  const isWrong =
    others.length + 1 !== hosts.length ||
    primary === '' ||
    rest.length > 0 ||
    // A cluster has one database.
    !(isCluster ? /^0?$/ : /^\d{0,5}$/).test(database) ||
    [primary, username, password].includes(UNDECODABLE);
  if (first === undefined || isWrong) return undefined;
  return {
    hosts: [first, ...others],
    isCluster,
    primary,
    isTls: tls === 's',
    username: username || undefined,
    password: password || undefined,
    database: Number(database),
  };
}

function hostOf(text: string, defaultPort: number): RedisHost | undefined {
  const url = URL.parse(`redis://${text}`);
  if (url === null || url.hostname === '') return undefined;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? defaultPort : Number(url.port),
  };
}

function credentialsOf(text: string): [username: string, password: string] {
  const [username = '', ...password] = text.split(':');
  return [decode(username), decode(password.join(':'))];
}

/** No text decodes to it. */
const UNDECODABLE = '\ud800';

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return UNDECODABLE;
  }
}
