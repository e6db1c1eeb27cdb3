// Counters and histograms with labels of closed lists.

import { expect, test } from 'vitest';
import { gauge } from '../../../src/telemetry/metrics/family.ts';
import { Counter, Histogram } from '../../../src/telemetry/metrics/series.ts';
import { promtool, samplesIn } from './collected.ts';

const textOf = (...families: { lines(): Iterable<string> }[]) =>
  families
    .flatMap((family) => [...family.lines()])
    .join('\n')
    .concat('\n');

test('a counter has all its series from the start, and counts each', () => {
  const counter = new Counter('things_total', 'Things.', [
    ['kind', ['a', 'b']],
    ['size', ['small', 'large']],
  ]);
  counter.add(2, 'b', 'large');
  counter.add(1, 'b', 'large');
  counter.add(1, 'a', 'small');
  expect(Object.fromEntries(samplesIn(textOf(counter)))).toEqual({
    'things_total{kind="a",size="small"}': 1,
    'things_total{kind="b",size="small"}': 0,
    'things_total{kind="a",size="large"}': 0,
    'things_total{kind="b",size="large"}': 3,
  });
});

test('a value that is in no list makes no series, and counts in none', () => {
  const counter = new Counter<[string]>('things_total', 'Things.', [['kind', ['a']]]);
  const histogram = new Histogram<[string]>('thing_seconds', 'Things.', [1], [['kind', ['a']]]);
  for (const name of ['b', '__proto__', 'constructor', '']) {
    counter.add(1, name);
    histogram.observe(1, name);
  }
  for (const [, value] of samplesIn(textOf(counter, histogram))) expect(value).toBe(0);
});

test('a histogram counts up to each bound, the bound included, and beyond all', () => {
  const histogram = new Histogram<[string]>('thing_seconds', 'Things.', [0.1, 1], [['kind', ['a', 'b']]]);
  for (const value of [0.1, 0.5, 1, 7]) histogram.observe(value, 'b');
  const samples = samplesIn(textOf(histogram));
  const ofB = [...samples].filter(([series]) => series.includes('"b"'));
  expect(Object.fromEntries(ofB)).toEqual({
    'thing_seconds_bucket{kind="b",le="0.1"}': 1,
    'thing_seconds_bucket{kind="b",le="1"}': 3,
    'thing_seconds_bucket{kind="b",le="+Inf"}': 4,
    'thing_seconds_sum{kind="b"}': 8.6,
    'thing_seconds_count{kind="b"}': 4,
  });
  expect(samples.get('thing_seconds_count{kind="a"}')).toBe(0);
});

test("what they write is what Prometheus' own checker takes, also without labels and for values that are no numbers", () => {
  const text = textOf(
    new Counter('things_total', 'Things.', []),
    new Histogram('thing_seconds', 'How long things take.', [0.001], []),
    gauge('thing_level', 'How much there is.', () => [
      [['of="a"'], Number.NaN],
      [['of="b"'], Number.POSITIVE_INFINITY],
    ]),
  );
  expect(promtool(['check', 'metrics'], text)).toEqual({ code: 0, text: '' });
  expect(promtool(['check', 'metrics'], text.replaceAll('things_total', 'things')).code).toBe(3);
});
