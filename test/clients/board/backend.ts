// What your backend does for the page: it knows who is signed in and which invitations that person may see, and signs that.
// Here it is a part of Vite's server, and everybody is one user who may see everything.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { SignJWT } from 'jose';
import type { Connect, Plugin } from 'vite';

/** Yours are lists, as short as the page: README, "Who may see what". */
const INVITATIONS = '*';

/**
 * Serves `/invitation-token`.
 * @param secret The gateway's `AUTH_JWT_SECRET`.
 * @param seconds How long a token is good for. The page asks for another one in time.
 */
export function invitationTokens(secret: string | undefined, seconds = 900): Plugin {
  const key = new TextEncoder().encode(secret);

  function serve({ middlewares }: { readonly middlewares: Connect.Server }): void {
    if (secret === undefined) throw new Error('Set AUTH_JWT_SECRET to what the gateway is started with.');
    middlewares.use('/invitation-token', answer);
  }

  async function answer(_: IncomingMessage, response: ServerResponse): Promise<void> {
    const now = Math.floor(Date.now() / 1_000);
    const token = await new SignJWT({ invitations: INVITATIONS })
      .setProtectedHeader({ alg: 'HS256' })
      .setAudience('invitation-gateway')
      .setSubject('user-17')
      .setIssuedAt(now)
      .setExpirationTime(now + seconds)
      .sign(key);
    response.setHeader('cache-control', 'no-store').end(token);
  }

  return { name: 'invitation-tokens', configureServer: serve, configurePreviewServer: serve };
}
