import { OperationTypeNode } from 'graphql';
import { expect, test } from 'vitest';
import { type Operation, SlowestOperations } from '../../../src/telemetry/status/slowest.ts';

function operationOf(digest: string, trustedName?: string): Operation {
  return { digest, trustedName, type: OperationTypeNode.QUERY };
}

test('the ten slowest are told, by the name of a trusted document or by a hash alone', () => {
  const operations = new SlowestOperations();
  for (let n = 1; n <= 30; n++) operations.add(operationOf(`hash-${n}`, n === 30 ? 'Page' : undefined), n * 10);
  const report = operations.report;
  expect(report).toHaveLength(10);
  expect(report[0]).toMatchObject({ name: 'Page', document: 'hash-30', kind: 'query', count: 1, meanMs: 300 });
  expect(report[1]).toMatchObject({ name: null, document: 'hash-29' });
});

test('however many documents are sent, so many are told apart, and old ones make room', () => {
  const operations = new SlowestOperations();
  const late = operationOf('late');
  for (let n = 0; n < 10_000; n++) operations.add(operationOf(`hash-${n}`), 1);
  operations.add(late, 9_000);
  expect(operations.report.map(({ document }) => document)).not.toContain('late');
  for (let n = 0; n < 60; n++) operations.sample();
  operations.add(late, 9_000);
  expect(operations.report.map(({ document }) => document)).toEqual(['late']);
});

test('one that was forgotten is told again when it is asked for again', () => {
  const operations = new SlowestOperations();
  const page = operationOf('page');
  operations.add(page, 10);
  for (let n = 0; n < 60; n++) operations.sample();
  expect(operations.report).toEqual([]);
  operations.add(page, 30);
  expect(operations.report).toMatchObject([{ document: 'page', count: 1, meanMs: 30 }]);
});
