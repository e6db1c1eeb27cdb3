// The names of what can go wrong: what callers go by, and what is counted.

export const PROBLEM_CODES = [
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'AUTH_UNAVAILABLE',
  'FORBIDDEN',
  'RATE_LIMITED',
  'PROVIDER_NOT_CONFIGURED',
  'PROVIDER_REJECTED',
  'PROVIDER_UNAUTHORIZED',
  'PROVIDER_RATE_LIMITED',
  'PROVIDER_TIMEOUT',
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_BAD_RESPONSE',
  'PROVIDER_OVERLOADED',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'PERSISTED_QUERY_NOT_IN_LIST',
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** The limits of what one operation may cost. */
export const LIMITS = ['bytes', 'tokens', 'depth', 'fields', 'introspection', 'refs', 'weight'] as const;

export type Limit = (typeof LIMITS)[number];
