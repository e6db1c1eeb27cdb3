// README's table of metrics is what a gateway tells.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HOWS } from '../../../src/snapshots/given.ts';
import { gaugesOf } from '../../../src/telemetry/metrics/gauges.ts';
import { createMetrics } from '../../../src/telemetry/metrics/metrics.ts';
import { tenantsState } from './tenants-state.ts';

const readme = readFileSync('README.md', 'utf8');

/** Name, type, labels and what it is, of each metric. */
function rows(): string[] {
  const families = [...createMetrics(['PARTOO']).families, ...gaugesOf(tenantsState(1).state, '1.0.0')];
  return families.map((family) => {
    const lines = [...family.lines()];
    const [, help] = /^# HELP \S+ (.*)$/.exec(lines[0] ?? '') ?? [];
    const [, type] = /^# TYPE \S+ (\w+)$/.exec(lines[1] ?? '') ?? [];
    const labels = [...(lines[2] ?? '').matchAll(/(\w+)="/g)].flatMap(([, name = '']) => (name === 'le' ? [] : [name]));
    return `| \`${family.name}\` | ${type} | ${labels.map((name) => `\`${name}\``).join(' ')} | ${help} |`;
  });
}

test('every metric is a row of the table, and every row a metric', () => {
  const table = readme.slice(readme.indexOf('| metric | type |')).split('\n\n', 1)[0]?.split('\n').slice(2) ?? [];
  expect(table).toEqual(rows());
});

test('the ways in which an invitation is answered are told, all of them', () => {
  const table = readme.slice(readme.indexOf('\n| `how` |')).split('\n\n', 1)[0] ?? '';
  const named = [...table.matchAll(/^\| (`[a-z_`, ]+`) \|/gm)].flatMap(
    ([, names = '']) => names.match(/[a-z_]+/g) ?? [],
  );
  expect(named.filter((name) => name !== 'how')).toEqual([...HOWS]);
});
