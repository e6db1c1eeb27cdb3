// Scalars that only ever leave the gateway: their text was checked where it was decoded, and is passed on as it came.

import { builder } from './builder.ts';

builder.scalarType('DateTime', {
  description:
    'A moment as RFC 3339 text, such as `2026-05-02T23:00:00+02:00`. It keeps the offset the provider gave: do not assume UTC.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time',
  serialize: (value) => (value instanceof Date ? value.toISOString() : value),
});

builder.scalarType('Date', {
  description: 'A calendar day as `YYYY-MM-DD`, without a time and without a zone.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/local-date',
  serialize: (value) => value,
});

builder.scalarType('EmailAddress', {
  description: 'An e-mail address as the provider gives it. Treat it as personal data.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1',
  serialize: (value) => value,
});

builder.scalarType('TimeZone', {
  description: 'A name from the IANA time zone database, such as `Europe/Paris`.',
  specifiedByURL: 'https://www.iana.org/time-zones',
  serialize: (value) => value,
});
