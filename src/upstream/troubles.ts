// What is wrong with the calls to one origin, for the log: what kind of trouble it is, when it begins and when it is
// over. Callers are told less, and a failure each. Kinds and codes alone go in: an error's message names hosts and ports.

import { ProviderBadResponse, ProviderRejected } from '../invitation/problem.ts';
import { ProxyFailed } from './tunnel.ts';

/**
 * - `resolve`: its name has no address.
 * - `connect`: the address takes no connection.
 * - `certificate`: its certificate is over, another host's, or not signed by an authority that is trusted.
 * - `proxy`: the proxy between us lets nothing through.
 * - `closed`: the connection was closed or reset before the answer was whole.
 * - `time`: no connection or no answer in time.
 * - `status`: an answer whose status says that it fails, or that it refuses the credentials or the rate.
 * - `answer`: an answer that its contract does not allow.
 */
export type TroubleKind = 'resolve' | 'connect' | 'certificate' | 'proxy' | 'closed' | 'time' | 'status' | 'answer';

export interface Trouble {
  readonly kind: TroubleKind;
  /** The system's code for it, or the status. */
  readonly detail?: string | number | undefined;
}

export interface TroubleListener {
  /** Told of the first call that fails in this way. */
  began(trouble: Trouble): void;
  /** Told when it is over: the provider has answered since, and no call has failed in this way for ten seconds. */
  ended(trouble: Trouble): void;
}

/** One failure in a hundred is to be one trouble, and not a hundred. In milliseconds. */
const QUIET_MS = 10_000;

interface Lasting {
  readonly trouble: Trouble;
  lastAt: number;
}

export class Troubles {
  readonly #listener: TroubleListener;
  readonly #lasting = new Map<string, Lasting>();
  #answeredAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(listener: TroubleListener) {
    this.#listener = listener;
  }

  /** A call has failed. */
  failed(trouble: Trouble): void {
    const key = `${trouble.kind} ${trouble.detail}`;
    const lasting = this.#lasting.get(key);
    if (lasting !== undefined) {
      lasting.lastAt = performance.now();
      return;
    }
    this.#lasting.set(key, { trouble, lastAt: performance.now() });
    this.#listener.began(trouble);
  }

  /** A call was answered. Nearly always there is no trouble, and this costs nothing. */
  answered(): void {
    if (this.#lasting.size === 0) return;
    this.#answeredAt = performance.now();
    if (this.#timer === undefined) this.#look();
  }

  /** A call was answered with what is a problem. */
  answeredWith(problem: unknown, status: number): void {
    if (problem instanceof ProviderRejected) this.answered();
    else if (problem instanceof ProviderBadResponse || status < 300) this.failed({ kind: 'answer', detail: status });
    else this.failed({ kind: 'status', detail: status });
  }

  /** Tells what is over, and looks again when the next one may be. */
  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [key, { trouble, lastAt }] of this.#lasting) {
      if (lastAt > this.#answeredAt) continue;
      const leftMs = lastAt + QUIET_MS - now;
      if (leftMs > 0) {
        nextMs = Math.min(nextMs, leftMs);
      } else {
        this.#lasting.delete(key);
        this.#listener.ended(trouble);
      }
    }
    if (Number.isFinite(nextMs)) this.#timer = setTimeout(() => this.#look(), Math.ceil(nextMs)).unref();
  }
}

/** What an error says of a connection that could not be set up. */
export function troubleOfConnecting(error: Error): Trouble {
  if (error instanceof ProxyFailed) return { kind: 'proxy', detail: error.detail };
  const detail = codeOf(error);
  return { kind: kindOfConnecting(error, detail ?? ''), detail };
}

function kindOfConnecting(error: Error, code: string): TroubleKind {
  if ('syscall' in error && error.syscall === 'getaddrinfo') return 'resolve';
  if (isTimeout(error)) return 'time';
  return CERTIFICATE_CODES.test(code) ? 'certificate' : 'connect';
}

/** What an error says of a connection that broke. */
export function troubleOfBreaking(error: Error): Trouble {
  const detail = codeOf(error);
  return { kind: detail?.startsWith('HPE_') ? 'answer' : 'closed', detail };
}

export function isTimeout(error: Error): boolean {
  return ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'ETIMEDOUT'].includes(codeOf(error) ?? '');
}

/** Node's codes of what OpenSSL says of a certificate, such as CERT_HAS_EXPIRED, and its own for another host's. */
const CERTIFICATE_CODES = /CERT|CRL|SELF_SIGNED|UNABLE_TO_|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|PATH_LENGTH/;

/** A code, and never a text that might hold a place. */
function codeOf(error: Error): string | undefined {
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : undefined;
}
