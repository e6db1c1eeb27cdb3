// The one door: what a caller shows → who it is, or why it is refused. A token that was verified is known until it expires,
// its key is gone or its tenant changes; a refused one is not remembered. It knows neither HTTP nor WebSockets.

import { LRUCache } from 'lru-cache';
import { CallerRateLimited, Forbidden } from '../invitation/problem.ts';
import { invalid, MISSING, type Refusal, refusal, type TokenFault } from './refusal.ts';
import { TOLERANCE_MS } from './token.ts';
import { createVerification, type VerificationOptions } from './verification.ts';
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
  stop(): void;
}

/** Of a gateway that asks for no tokens. */
export const OPEN: Admission = {
  admit: (_, address) => openViewer(address),
  asksForTokens: false,
  isReady: () => true,
  stop: () => undefined,
};

export interface AdmissionOptions extends VerificationOptions {
  /** Counts tokens that were not accepted, by address. @returns 0, or in how many milliseconds one more is. */
  readonly failures?: { take(address: string, count: number): number };
  /** Told what is wrong with each of them. */
  readonly onFault?: (fault: TokenFault) => void;
  /** Told of each caller that is refused. */
  readonly onRefused?: ((reason: Refusal['reason']) => void) | undefined;
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

// Decoders pass over other characters: one token would have as many texts as somebody cares to write.
const TOKEN = /^[\w-]+\.[\w-]+\.([\w-]+)$/;

/** Decoders leave the last bits of a signature unread as well, and no signer has signed those: each token has one text. */
function hasTokenForm(text: string): boolean {
  const signature = TOKEN.exec(text)?.[1];
  return signature !== undefined && Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

const TOO_LARGE = refusal(
  'forbidden',
  new Forbidden(`A token has at most ${MAX_TOKEN_BYTES} bytes: grant fewer invitations, or use a prefix.`),
);

export function createAdmission(options: AdmissionOptions): Admission {
  const { authority, failures, onFault, onRefused, now = () => Date.now() } = options;
  const verify = createVerification(options, now);
  /** By header in its usual spelling, so that a known one is not taken apart. */
  const known = new LRUCache<string, Viewer>({
    max: MAX_KNOWN,
    maxSize: MAX_KNOWN_CHARACTERS,
    sizeCalculation: (_, header) => header.length + 1,
  });
  const flights = new Map<string, Promise<Viewer | Refusal>>();
  // Fetched before the first caller comes.
  void authority?.keys?.isReady();

  function knownBy(header: string): Viewer | undefined {
    const viewer = known.get(header);
    if (viewer === undefined || (now() < viewer.expiresAt + TOLERANCE_MS && viewer.isCurrent())) return viewer;
    known.delete(header);
    return undefined;
  }

  function admit(authorization: readonly string[] | undefined, address: string) {
    const [header = '', second] = authorization ?? [];
    if (second !== undefined) return failed(invalid('form'), address);
    const viewer = knownBy(header);
    if (viewer !== undefined) return viewer;
    if (SHOWS_NOTHING.test(header)) return MISSING;
    const token = SHOWS_TOKEN.exec(header)?.[1];
    if (token === undefined) return failed(invalid('form'), address);
    if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) return failed(TOO_LARGE, address);
    if (!hasTokenForm(token)) return failed(invalid('form'), address);
    const usual = `Bearer ${token}`;
    const outcome = (header === usual ? undefined : knownBy(usual)) ?? flights.get(usual) ?? begin(token, usual);
    if (outcome instanceof Promise) return outcome.then((each) => ('reason' in each ? failed(each, address) : each));
    return 'reason' in outcome ? failed(outcome, address) : outcome;
  }

  function begin(token: string, usual: string): Refusal | Promise<Viewer | Refusal> {
    const verifying = verify(token);
    if (!(verifying instanceof Promise)) return verifying;
    const flight = verifying
      .finally(() => flights.delete(usual))
      .then((outcome) => {
        if (!('reason' in outcome)) known.set(usual, outcome);
        return outcome;
      });
    flights.set(usual, flight);
    return flight;
  }

  /** Whoever sends many that are not accepted is told so, and a good one is accepted all the same. */
  function failed(refused: Refusal, address: string): Refusal {
    // Pages behind one address renew what has expired: they are to be told so.
    if (refused.reason === 'unavailable' || refused.reason === 'expired') return refused;
    if (refused.fault !== undefined) onFault?.(refused.fault);
    const waitMs = failures?.take(address, 1) ?? 0;
    if (waitMs === 0) return refused;
    const seconds = Math.ceil(waitMs / 1_000);
    return refusal('limited', new CallerRateLimited('Too many tokens were not accepted: try again later.', seconds));
  }

  function told(outcome: Viewer | Refusal): Viewer | Refusal {
    if ('reason' in outcome) onRefused?.(outcome.reason);
    return outcome;
  }

  return {
    admit(authorization, address) {
      const outcome = admit(authorization, address);
      return outcome instanceof Promise ? outcome.then(told) : told(outcome);
    },
    asksForTokens: true,
    isReady: () => authority?.keys?.isReady() ?? true,
    stop: () => authority?.keys?.stop(),
  };
}
