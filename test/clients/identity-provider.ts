// A real identity provider (oidc-provider) on loopback: access tokens as JWTs, signed with keys that a test rotates.

import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { onTestFinished } from 'vitest';

// It comes without types.
const { default: Provider } = await import('oidc-provider' as string);

const AUDIENCE = 'invitation-gateway';

export interface IdentityProvider {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** A token for the page's backend, which signs in as itself. */
  token(): Promise<string>;
  /** Signs with the first of these from now on, and lists all of them. */
  rotate(keys: readonly JWK[]): Promise<void>;
  stop(): Promise<void>;
}

export async function createKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' };
}

/** @param invitations What its tokens grant. */
export async function startIdentityProvider(port: number, first: JWK, invitations: unknown): Promise<IdentityProvider> {
  const issuer = `http://127.0.0.1:${port}`;
  let server: Server | undefined;

  async function start(keys: readonly JWK[]): Promise<void> {
    const provider = new Provider(issuer, {
      jwks: { keys },
      clients: [
        {
          client_id: 'backend',
          client_secret: 'backend-secret',
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
      clientDefaults: { id_token_signed_response_alg: 'ES256' },
      scopes: ['explore'],
      extraTokenClaims: () => ({ invitations }),
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => 'urn:gateway',
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({
            scope: 'explore',
            audience: AUDIENCE,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 600,
            jwt: { sign: { alg: 'ES256', kid: keys[0]?.kid } },
          }),
        },
      },
    });
    server = createServer(provider.callback()).listen(port, '127.0.0.1');
    await new Promise((resolve) => server?.once('listening', resolve));
  }

  async function stop(): Promise<void> {
    server?.closeAllConnections();
    await new Promise((resolve) => (server?.listening ? server.close(resolve) : resolve(undefined)));
  }

  await start([first]);
  onTestFinished(stop);
  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    async token() {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from('backend:backend-secret').toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'explore', resource: 'urn:gateway' }),
      });
      const { access_token } = (await response.json()) as { access_token: string };
      return access_token;
    },
    async rotate(keys) {
      await stop();
      await start(keys);
    },
    stop,
  };
}
