// The one door: what a caller shows → who it is, or why it is refused. A token that was verified is known until it expires
// or the keys change; a refused one is not remembered. It knows neither HTTP nor WebSockets.

import { LRUCache } from 'lru-cache';
import type { InvitationType } from '../invitation/kinds.ts';
import { AuthUnavailable, CallerRateLimited, Forbidden, type Problem, Unauthenticated } from '../invitation/problem.ts';
import type { Named } from '../invitation/ref.ts';
import type { Authority } from './authority.ts';
import { grantsOf } from './grants.ts';
import { type Claims, faultOf, isGenuine, readClaims, TOLERANCE_MS } from './token.ts';
import { openViewer, type Viewer } from './viewer.ts';

export interface Admission {
  /**
   * At once where the token was verified before.
   * @param authorization Every Authorization header of the request, or the one text of `connection_init`, as it came.
   * @param address The caller's network address.
   */
  admit(authorization: readonly string[] | undefined, address: string): Viewer | Refusal | Promise<Viewer | Refusal>;
  /** Whether a caller needs a token. */
  readonly asksForTokens: boolean;
  /** Whether tokens can be checked. */
  isReady(): boolean;
  /** Every token is verified anew: whom they may have been signed by has changed. */
  forget(): void;
  stop(): void;
}

/** Why there is no viewer. Each door says it in its own way. */
export interface Refusal {
  readonly reason: 'missing' | 'expired' | 'invalid' | 'forbidden' | 'unavailable' | 'limited';
  readonly problem: Problem;
}

/** Of a gateway that asks for no tokens. */
export const OPEN: Admission = {
  admit: (_, address) => openViewer(address),
  asksForTokens: false,
  isReady: () => true,
  forget: () => undefined,
  stop: () => undefined,
};

/** Those whose accounts are used, where they have names. */
export interface TenantsOfTokens {
  has(tenant: string): boolean;
  /** Who signs for this one alone; undefined where the gateway's own authority does. */
  authorityOf(tenant: string): Authority | undefined;
}

export interface AdmissionOptions {
  /** Undefined where every tenant has one of its own. */
  readonly authority: Authority | undefined;
  /** Undefined where there is no file of tenants. */
  readonly tenants: TenantsOfTokens | undefined;
  /** The claim that holds the grants. */
  readonly claim: string;
  readonly defaultsOf: (tenant: string | null, type: InvitationType) => Named | undefined;
  /** Counts tokens that were not accepted, by address. @returns 0, or in how many milliseconds one more is. */
  readonly failures?: { take(address: string, count: number): number };
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const MAX_KNOWN = 10_000;
const MAX_KNOWN_CHARACTERS = 16 * 1024 * 1024;

/** Longest token, in bytes: nginx passes no longer header by default. */
const MAX_TOKEN_BYTES = 8_000;

// No two neighbours of these match one character: the text of a WebSocket may be long, and hold line breaks, and such a
// pair would try each way to divide its blanks.
const SHOWS_TOKEN = /^bearer[ \t]+(\S+)$/i;
const SHOWS_NOTHING = /^(?:bearer)?\s*$/i;

const MISSING = refusal(
  'missing',
  new Unauthenticated('A token is needed: send it as `authorization: Bearer …`, in connection_init over WebSocket.'),
);
const INVALID = refusal('invalid', new Unauthenticated('The token is not accepted: sign in anew.'));
const EXPIRED = refusal('expired', new Unauthenticated('The token has expired: send a new one.', true));
const UNAVAILABLE = refusal('unavailable', new AuthUnavailable());
const TOO_LARGE = refusal(
  'forbidden',
  new Forbidden(`A token has at most ${MAX_TOKEN_BYTES} bytes: grant fewer invitations, or use a prefix.`),
);
const WRONG_TENANT = refusal(
  'forbidden',
  new Forbidden('The claim `tenant` does not name whose invitations are asked for.'),
);

export function createAdmission(options: AdmissionOptions): Admission {
  const { authority, tenants, claim, failures, now = () => Date.now() } = options;
  const known = new LRUCache<string, Viewer>({
    max: MAX_KNOWN,
    maxSize: MAX_KNOWN_CHARACTERS,
    sizeCalculation: (_, header) => header.length + 1,
  });
  const flights = new Map<string, Promise<Viewer | Refusal>>();
  /** Counts how often everything was forgotten: what began to be verified before is verified again. */
  let epoch = 0;
  // Fetched before the first caller comes.
  void authority?.keys?.isReady();

  function admit(authorization: readonly string[] | undefined, address: string) {
    const [header = '', second] = authorization ?? [];
    const viewer = known.get(header);
    if (viewer !== undefined && second === undefined) {
      if (now() < viewer.expiresAt + TOLERANCE_MS) return viewer;
      known.delete(header);
    }
    if (second === undefined && SHOWS_NOTHING.test(header)) return MISSING;
    const token = SHOWS_TOKEN.exec(header)?.[1];
    if (second !== undefined || token === undefined) return failed(INVALID, address);
    if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) return failed(TOO_LARGE, address);
    const begun = flights.get(header);
    if (begun !== undefined) return begun.then((outcome) => ('reason' in outcome ? failed(outcome, address) : outcome));
    const outcome = verify(token, header);
    return outcome instanceof Promise
      ? outcome.then((given) => ('reason' in given ? failed(given, address) : given))
      : failed(outcome, address);
  }

  /** Whoever sends many that are not accepted is told so, and a good one is accepted all the same. */
  function failed(refused: Refusal, address: string): Refusal {
    // Pages behind one address renew what has expired: they are to be told so.
    if (refused.reason === 'unavailable' || refused.reason === 'expired') return refused;
    const waitMs = failures?.take(address, 1) ?? 0;
    if (waitMs === 0) return refused;
    const seconds = Math.ceil(waitMs / 1_000);
    return refusal('limited', new CallerRateLimited('Too many tokens were not accepted: try again later.', seconds));
  }

  function verify(token: string, header: string): Refusal | Promise<Viewer | Refusal> {
    const claims = readClaims(token);
    if (claims === undefined) return INVALID;
    const { tenant } = claims;
    const named = typeof tenant === 'string' && tenants?.has(tenant) ? tenant : null;
    const theirs = (named !== null && tenants?.authorityOf(named)) || authority;
    if (theirs === undefined) return INVALID;
    const fault = faultOf(claims, theirs, now());
    if (fault !== undefined) return fault === 'expired' ? EXPIRED : INVALID;
    const began = epoch;
    const flight = isGenuine(token, claims, theirs)
      .finally(() => flights.delete(header))
      .then((isIt) => (isIt ? viewerOf(claims, named) : INVALID), refusalFor)
      .then((outcome) => {
        // Whoever may have signed it has changed meanwhile.
        if (began !== epoch) return verify(token, header);
        if (!('reason' in outcome)) known.set(header, outcome);
        return outcome;
      });
    flights.set(header, flight);
    return flight;
  }

  function viewerOf({ subject, scope, expiresAt, tenant, all }: Claims, named: string | null): Viewer | Refusal {
    const isRight = tenants === undefined ? tenant === undefined : named !== null;
    if (!isRight) return WRONG_TENANT;
    try {
      const given = Object.hasOwn(all, claim) ? all[claim] : undefined;
      if (given === undefined)
        throw new Forbidden(`The token has no claim \`${claim}\`: it says which invitations are granted.`);
      const mayExplore = given === '*' || (typeof scope === 'string' && scope.split(' ').includes('explore'));
      return {
        id: JSON.stringify([named, subject]),
        tenant: named,
        grants: grantsOf(given, (type) => options.defaultsOf(named, type)),
        mayExplore,
        mayRunAnyDocument: mayExplore,
        expiresAt,
      };
    } catch (error) {
      if (error instanceof Forbidden) return refusal('forbidden', error);
      throw error;
    }
  }

  return {
    admit,
    asksForTokens: true,
    isReady: () => authority?.keys?.isReady() ?? true,
    forget() {
      epoch += 1;
      known.clear();
    },
    stop: () => authority?.keys?.stop(),
  };
}

/** A fault of the gateway's own is none of the token's: its page would log its user out. */
function refusalFor(error: unknown): Refusal {
  if (error instanceof AuthUnavailable) return UNAVAILABLE;
  throw error;
}

function refusal(reason: Refusal['reason'], problem: Problem): Refusal {
  return { reason, problem };
}
