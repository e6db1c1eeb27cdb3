// The effects of the settings that say who is let in, what they see of the schema, and how much they take.

import { type Environment, readSettings } from '../../../src/settings.ts';
import { startKeyServer } from '../../access/key-server.ts';
import { clientOf, serve, writeTenants } from '../../access/tenants.ts';
import { type Claims, createSigningKey, SECRET, sign, signWith } from '../../access/tokens.ts';
import { type Effects, SENT, start } from './effect.ts';

/** The status of a query, with such a token. */
const statusWith = (token: () => string) => async (environment: Environment) => {
  const { origin } = await start(environment);
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token()}` },
    body: JSON.stringify({ query: SENT }),
  });
  return response.status;
};

const statusWithout = async (environment: Environment) => {
  const { status } = await (await start(environment)).query(SENT);
  return status;
};

const signed = (claims: Claims) => () => sign(claims);

const KEYS = { AUTH_JWT_SECRET: SECRET };

/** What a token signed with a key of the set gets, at once and when the source was down for longer than is allowed. */
const statusByKeys = async (environment: Environment) => {
  const key = await createSigningKey('one');
  const { url } = await startKeyServer([key.jwk]);
  const given = environment.AUTH_JWKS_URL === undefined ? environment : { ...environment, AUTH_JWKS_URL: url };
  return statusWith(() => signWith(key))(given);
};

export const ACCESS_EFFECTS: Effects = {
  AUTH: { value: 'off', beside: KEYS, observe: statusWithout, without: 401, with: 200 },
  AUTH_JWT_SECRET: { value: SECRET, observe: statusWithout, without: 200, with: 401 },
  AUTH_JWKS_URL: {
    // Replaced by the one that is asked.
    value: 'http://127.0.0.1:1/jwks',
    beside: KEYS,
    observe: statusByKeys,
    without: 401,
    with: 200,
  },
  AUTH_JWKS_STALE_SECONDS: {
    // Nothing shorter is taken: how long keys go on by it is seen by a clock of tests (access/keys.test.ts).
    value: '600',
    beside: { AUTH_JWKS_URL: 'https://login.example.com/jwks' },
    observe: (environment) => readSettings(environment).access?.authority?.jwksStaleMs,
    without: 86_400_000,
    with: 600_000,
  },
  AUTH_ISSUER: {
    value: 'https://app.example.com',
    beside: KEYS,
    observe: statusWith(signed({ iss: 'https://else.example.com' })),
    without: 200,
    with: 401,
  },
  AUTH_AUDIENCE: {
    value: 'our-pages',
    beside: KEYS,
    observe: statusWith(signed({ aud: 'our-pages' })),
    without: 401,
    with: 200,
  },
  AUTH_CLAIM: {
    value: 'https://app.example.com/grants',
    beside: KEYS,
    observe: statusWith(signed({ 'https://app.example.com/grants': '*', invitations: undefined })),
    without: 403,
    with: 200,
  },
  TENANTS_FILE: {
    // Replaced by one whose only tenant is called so.
    value: 'acme',
    beside: KEYS,
    observe: async ({ TENANTS_FILE: name, ...environment }) => {
      const file = writeTenants({ [name ?? '']: { partoo: { apiKey: { env: 'ACME_KEY' } } } });
      const { origin } = await serve({
        PORT: '0',
        ...environment,
        ACME_KEY: 'key',
        ...(name === undefined ? {} : { TENANTS_FILE: file.path }),
      });
      const { data, errors } = await clientOf(origin).query(
        await signed({ tenant: 'acme' })(),
        '{ providers { isConfigured } }',
      );
      return data?.providers ?? errors?.[0]?.extensions.code;
    },
    without: 'FORBIDDEN',
    with: [{ isConfigured: false }, { isConfigured: true }],
  },
  INTROSPECTION: {
    value: 'off',
    observe: async (environment) => {
      const { errors } = await (await start(environment)).query('{ __schema { queryType { name } } }');
      return errors?.[0]?.extensions.code;
    },
    without: undefined,
    with: 'FORBIDDEN',
  },
};
