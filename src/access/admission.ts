// The one door: what a caller shows → who it is, or why it is refused. It knows neither HTTP nor WebSockets.

import type { Problem } from '../invitation/problem.ts';
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
  stop: () => undefined,
};
