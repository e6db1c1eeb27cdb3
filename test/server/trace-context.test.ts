// Which `traceparent` is one: the cases of W3C Trace Context.

import { describe, expect, test } from 'vitest';
import { BroughtTrace } from '../../src/server/trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('a traceparent', () => {
  test.each([
    ['of version 00', `00-${TRACE}-${SPAN}-01`],
    ['that is not sampled', `00-${TRACE}-${SPAN}-00`],
    ['with flags that nobody knows', `00-${TRACE}-${SPAN}-fe`],
    ['of a later version', `01-${TRACE}-${SPAN}-01`],
    ['of a later version, with more at its end', `cc-${TRACE}-${SPAN}-01-what-the-future-holds`],
  ])('%s names a span', (_, header) => {
    expect(new BroughtTrace(header, true).parent).toEqual({ traceId: TRACE, spanId: SPAN });
  });

  test.each([
    ['that is empty', ''],
    ['of version ff', `ff-${TRACE}-${SPAN}-01`],
    ['of version 00 with more at its end', `00-${TRACE}-${SPAN}-01-more`],
    ['of an id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['of a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['in capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['that is too short', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['without flags', `00-${TRACE}-${SPAN}`],
    ['with space around', ` 00-${TRACE}-${SPAN}-01`],
    ['that came twice', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ['with words in it', `00-${TRACE}-${SPAN}-01\u0000ann@example.com`],
  ])('%s names none', (_, header) => {
    expect(new BroughtTrace(header, true).parent).toBeUndefined();
  });
});
