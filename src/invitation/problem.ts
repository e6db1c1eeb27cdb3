// What can go wrong with a read, one class a code. Thrown once, where it is known; translated to GraphQL once, at the
// edge. A message is the gateway's own: what happened and what to do. It never holds a URL, a secret, an e-mail address
// or text that came from a provider. "Not found" is no problem: it is null.

import type { Limit, ProblemCode } from './problem-code.ts';
import { PROVIDERS, type ProviderName } from './provider.ts';

/**
 * An error without a stack. Refusals come by the thousand when quota is short, and no stack of one is ever shown:
 * capturing it would be most of what they cost.
 */
abstract class ErrorWithoutStack extends Error {
  constructor(message: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

export abstract class Problem extends ErrorWithoutStack {
  abstract readonly code: ProblemCode;
  /** Whether the same request may succeed later, unchanged. */
  readonly retryable: boolean = false;
  readonly provider: ProviderName | null = null;
  /** Seconds after which a retry makes sense, where known. */
  readonly retryAfterSeconds: number | null = null;
}

/** What went wrong with one of several refs. */
export class ProblemOfRef extends ErrorWithoutStack {
  readonly problem: Problem;
  /** Its place in the list that the caller gave. */
  readonly refIndex: number;

  constructor(problem: Problem, refIndex: number) {
    super(problem.message);
    this.problem = problem;
    this.refIndex = refIndex;
  }
}

export class BadUserInput extends Problem {
  readonly code = 'BAD_USER_INPUT';
}

/** More is asked for than one operation may cost. */
export class OverLimit extends BadUserInput {
  readonly limit: Limit;

  constructor(limit: Limit, message: string) {
    super(message);
    this.limit = limit;
  }
}

/** There is no token, it has expired (then a new one will do), or it cannot be accepted. */
export class Unauthenticated extends Problem {
  readonly code = 'UNAUTHENTICATED';
  override readonly retryable: boolean;

  constructor(message: string, retryable = false) {
    super(message);
    this.retryable = retryable;
  }
}

/** The keys that tokens are checked with could never be had, or have not been for too long. */
export class AuthUnavailable extends Problem {
  readonly code = 'AUTH_UNAVAILABLE';
  override readonly retryable = true;
  override readonly retryAfterSeconds = 10;

  constructor() {
    super('Tokens cannot be checked for now: ask again in a moment, with the same token.');
  }
}

/** The token is genuine, and does not allow what was asked. */
export class Forbidden extends Problem {
  readonly code = 'FORBIDDEN';
}

/** This caller asks for too much in too short a time. */
export class CallerRateLimited extends Problem {
  readonly code = 'RATE_LIMITED';
  override readonly retryable = true;
  override readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** This caller, or all callers together, have the most streams open that are allowed. */
export class TooManyStreams extends Problem {
  readonly code = 'RATE_LIMITED';
  override readonly retryable = true;

  constructor() {
    super('Too many subscriptions are open: close some, or put more invitations into one (up to 100).');
  }
}

abstract class ProviderProblem extends Problem {
  override readonly provider: ProviderName;

  constructor(provider: ProviderName, message: string) {
    super(`${PROVIDERS[provider].title} ${message}`);
    this.provider = provider;
  }
}

/** This gateway holds no credentials for what was asked. */
export class ProviderNotConfigured extends ProviderProblem {
  readonly code = 'PROVIDER_NOT_CONFIGURED';

  constructor(provider: ProviderName, what = 'is not configured on this gateway') {
    super(provider, `${what}: ask whoever runs the gateway to set its credentials.`);
  }
}

/** 400, 422 and other refusals of this one request. */
export class ProviderRejected extends ProviderProblem {
  readonly code = 'PROVIDER_REJECTED';

  constructor(provider: ProviderName) {
    super(provider, 'refused this request: check that the id and the address belong to an invitation sent with it.');
  }
}

/** 401, 402, 403: the gateway's credentials, not the caller's. */
export class ProviderUnauthorized extends ProviderProblem {
  readonly code = 'PROVIDER_UNAUTHORIZED';

  constructor(provider: ProviderName) {
    super(provider, "refused the gateway's credentials: ask whoever runs the gateway to check its key and its plan.");
  }
}

/** No quota for this call: the gateway's own, which prevents a 429. */
export class ProviderRateLimited extends ProviderProblem {
  readonly code = 'PROVIDER_RATE_LIMITED';
  override readonly retryable = true;
  override readonly retryAfterSeconds: number | null;

  constructor(provider: ProviderName, retryAfterSeconds: number | null) {
    super(provider, 'takes no more calls for now: ask again later.');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The share of background work is used up; a caller that waits may still be served. */
export class SpareQuotaUsedUp extends ProviderRateLimited {
  constructor(provider: ProviderName) {
    super(provider, null);
  }
}

/** A 429 in spite of the gateway's own quota. */
export class ProviderThrottled extends ProviderRateLimited {}

export class ProviderTimeout extends ProviderProblem {
  readonly code = 'PROVIDER_TIMEOUT';
  override readonly retryable = true;

  constructor(provider: ProviderName) {
    super(provider, 'did not answer in time: ask again.');
  }
}

/** 5xx, 408, or the network. */
export class ProviderUnavailable extends ProviderProblem {
  readonly code = 'PROVIDER_UNAVAILABLE';
  override readonly retryable = true;

  constructor(provider: ProviderName) {
    super(provider, 'cannot be reached or is failing: ask again later.');
  }
}

/** An answer that its contract does not allow. */
export class ProviderBadResponse extends ProviderProblem {
  readonly code = 'PROVIDER_BAD_RESPONSE';

  constructor(provider: ProviderName) {
    super(provider, 'gave an answer that its contract does not allow: tell whoever runs the gateway if it stays so.');
  }
}

/** More calls are waiting for the provider than the gateway lets wait. */
export class ProviderOverloaded extends ProviderProblem {
  readonly code = 'PROVIDER_OVERLOADED';
  override readonly retryable = true;

  constructor(provider: ProviderName) {
    super(provider, 'has too many calls waiting for it here: ask again in a moment.');
  }
}

/** No document is known by that hash: the client is to send it along. Clients go by the words of these messages too. */
export class PersistedQueryNotFound extends Problem {
  readonly code = 'PERSISTED_QUERY_NOT_FOUND';

  constructor() {
    super('PersistedQueryNotFound');
  }
}

/** A text came with its hash where the documents of a list alone are run, and none is registered. */
export class PersistedQueryNotSupported extends Problem {
  readonly code = 'PERSISTED_QUERY_NOT_SUPPORTED';

  constructor() {
    super('PersistedQueryNotSupported');
  }
}

/** This gateway runs the documents of a list alone. */
export class PersistedQueryNotInList extends Problem {
  readonly code = 'PERSISTED_QUERY_NOT_IN_LIST';

  constructor() {
    super('This document is not in the list of documents that the gateway runs: add it there (TRUSTED_DOCUMENTS).');
  }
}
