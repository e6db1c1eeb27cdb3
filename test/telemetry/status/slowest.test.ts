import { expect, test } from 'vitest';
import { SlowestOperations } from '../../../src/telemetry/status/slowest.ts';

test('the ten slowest are told, by the name of a trusted document or by a hash alone', () => {
  const operations = new SlowestOperations();
  for (let n = 1; n <= 30; n++) operations.add(`hash-${n}`, n === 30 ? 'Page' : null, 'query', n * 10);
  const report = operations.report;
  expect(report).toHaveLength(10);
  expect(report[0]).toMatchObject({ name: 'Page', document: 'hash-30', kind: 'query', count: 1, meanMs: 300 });
  expect(report[1]).toMatchObject({ name: null, document: 'hash-29' });
});

test('however many documents are sent, so many are told apart, and old ones make room', () => {
  const operations = new SlowestOperations();
  for (let n = 0; n < 10_000; n++) operations.add(`hash-${n}`, null, 'query', 1);
  operations.add('late', null, 'query', 9_000);
  expect(operations.report.map(({ document }) => document)).not.toContain('late');
  for (let n = 0; n < 60; n++) operations.sample();
  operations.add('late', null, 'query', 9_000);
  expect(operations.report.map(({ document }) => document)).toEqual(['late']);
});
