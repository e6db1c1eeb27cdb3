// The settings of a gateway in production that asks for no tokens and lets one caller take everything: for loads that come
// from one address, and tests of something else.

export const OPEN_GATEWAY = { AUTH: 'off', CALLER_RATE: '999999/1s', NODE_ENV: 'production' };
