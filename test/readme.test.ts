// Every query, answer and command of the README is what it says.

import { existsSync, readFileSync } from 'node:fs';
import { buildASTSchema, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileVariable } from '../src/settings/environment.ts';
import { defaultOf, KNOWN, SECRETS } from '../src/settings/known.ts';
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

test('every link leads to a heading, or to a file', () => {
  const text = readme.replace(/^```[\s\S]*?^```/gm, '');
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-'));
  const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
  expect(links.length).toBeGreaterThan(15);
  for (const target of links) {
    if (target.startsWith('#')) expect(headings).toContain(target.slice(1));
    else expect(existsSync(target), target).toBe(true);
  }
});

describe('the settings', () => {
  const rows = [...readme.matchAll(/^\| (`[A-Z_`, ]+`) \|/gm)].flatMap(
    ([, names = '']) => names.match(/[A-Z_]{4,}/g) ?? [],
  );
  const settings = rows.filter(
    (name) =>
      !name.startsWith('PROVIDER_') &&
      !/^(AUTH_UNAVAILABLE|BAD_USER|FORBIDDEN|INTERNAL|PERSISTED|RATE_LIMITED|UNAUTHENTICATED)/.test(name),
  );

  test('in the table are those that the code reads, all of them, and the files of secrets', () => {
    const known = [...KNOWN.keys(), ...SECRETS.map(fileVariable)].filter((name) => name !== 'NODE_ENV');
    expect(settings.toSorted()).toEqual(known.toSorted());
  });

  test('have the defaults of the table', () => {
    const table = readme.slice(readme.indexOf('| variable | default |'));
    for (const [, names = '', defaults = ''] of table.matchAll(/^\| (`[A-Z_`, ]+`) \| ([^|]*)\|/gm)) {
      const each = (names.match(/[A-Z_]{4,}/g) ?? []).filter((name) => defaultOf(name) !== undefined);
      if (each.length > 0) expect(each.map(defaultOf).join(', ').toLowerCase()).toBe(defaults.trim());
    }
  });

  test('of the table start a gateway', () => {
    expect(
      readSettings({
        PARTOO_API_KEY: 'k',
        CRONOFY_CLIENT_SECRET: 's',
        AUTH_JWT_SECRET: 'x'.repeat(32),
        NODE_ENV: 'production',
      }).accounts,
    ).toHaveLength(2);
  });
});
