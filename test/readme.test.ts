// Every query, answer and command of the README is what it says.

import { readFileSync } from 'node:fs';
import { buildASTSchema, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSettings } from '../src/settings.ts';
import { startTestGateway, type TestGateway } from './harness.ts';

const readme = readFileSync('README.md', 'utf8');
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text);

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

test('the curl command gets the answer that stands below it', async () => {
  const [, body = ''] = /--data '([^']+)'/.exec(blocks('sh').find((text) => text.startsWith('curl')) ?? '') ?? [];
  const { query } = JSON.parse(body) as { query: string };
  const answer = blocks('json').find((text) => text.includes('"data"')) ?? '';
  const { data } = await gateway.query(query);
  expect({ data }).toEqual(JSON.parse(answer));
});

test('the page query finds every invitation that its variables name', async () => {
  const query = blocks('graphql').find((text) => text.startsWith('query Page')) ?? '';
  const variables = JSON.parse(blocks('json').find((text) => text.includes('"refs"')) ?? '{}');
  const { data, errors } = await gateway.query(query, variables);
  expect(errors).toBeUndefined();
  expect(data.invitations.map(({ status }: { status: string }) => status)).toEqual([
    'PENDING',
    'DECLINED',
    'DELIVERED',
  ]);
});

test('every GraphQL block fits the schema', () => {
  const schema = buildASTSchema(parse(readFileSync('schema.graphql', 'utf8')));
  expect(blocks('graphql').length).toBeGreaterThan(1);
  for (const block of blocks('graphql')) expect(validate(schema, parse(block)), block).toEqual([]);
});

test('every npm command is a script of package.json', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const named = [...readme.matchAll(/npm (?:run ([\w:]+)|(start|test))/g)].map(
    ([, run, builtIn]) => run ?? builtIn ?? '',
  );
  expect(named.length).toBeGreaterThan(5);
  for (const name of named) expect(Object.keys(scripts)).toContain(name);
});

describe('the settings', () => {
  const rows = [...readme.matchAll(/^\| (`[A-Z_`, ]+`) \|/gm)].flatMap(
    ([, names = '']) => names.match(/[A-Z_]{4,}/g) ?? [],
  );
  const source = readFileSync('src/settings.ts', 'utf8') + readFileSync('src/providers/partoo/client.ts', 'utf8');
  const known = source + readFileSync('src/providers/cronofy/client.ts', 'utf8');

  test('in the table are those that the code reads', () => {
    const settings = rows.filter(
      (name) => !name.startsWith('PROVIDER_') && !/^(BAD_USER|RATE_LIMITED|INTERNAL|PERSISTED)/.test(name),
    );
    expect(settings.length).toBeGreaterThan(20);
    for (const name of settings) expect(known, name).toContain(`${name}:`);
  });

  test('of the table start a gateway', () => {
    expect(
      readSettings({ PARTOO_API_KEY: 'k', CRONOFY_CLIENT_SECRET: 's', NODE_ENV: 'production' }).accounts,
    ).toHaveLength(2);
  });
});
