// `npm run token`: a token to try in GraphiQL or a shell, signed as a company's backend signs one, with AUTH_JWT_SECRET.

import { parseArgs } from 'node:util';
import { SignJWT } from 'jose';
import { grantsOf } from './access/grants.ts';
import { INVITATION_TYPES, kindOf } from './invitation/kinds.ts';
import { Forbidden } from './invitation/problem.ts';
import { readEnvironment } from './settings/environment.ts';
import { Variables } from './settings/variables.ts';

const GRANTS = INVITATION_TYPES.map((type) => kindOf({ type }).grants);
const MEMBERS = GRANTS.map(({ member }) => member);
const PARTS = GRANTS.flatMap(({ part }) => part?.member ?? []);

const USAGE = `Usage: npm run token -- --all | ${MEMBERS.map((member) => `--${member} ID`).join(' ')} …
  ${PARTS.map((part) => `--${part} WHO`).join(' ')}  that one's part of the invitation before it
  --explore --tenant NAME --sub NAME --minutes 15`;

/** Longest that a gateway takes: a day. */
const MAX_MINUTES = 1_440;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function read() {
  const several = { type: 'string', multiple: true } as const;
  const one = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const lists = Object.fromEntries([...MEMBERS, ...PARTS].map((name) => [name, several]));
  const options = { all: flag, explore: flag, tenant: one, sub: one, minutes: one };
  try {
    return parseArgs({ options: { ...lists, ...options }, tokens: true });
  } catch (error) {
    fail(`${error instanceof Error ? error.message.split('.')[0] : 'The arguments are wrong'}.\n${USAGE}`);
  }
}

type Options = ReturnType<typeof read>;

/** In the order in which they stand, because a part belongs to what stands before it. */
function claimOf({ values, tokens }: Options): unknown {
  if (values.all) return '*';
  const claim: Record<string, (string | Record<string, string>)[]> = {};
  let last: { readonly member: string; readonly id: string } | undefined;
  for (const each of tokens) {
    if (each.kind !== 'option' || each.value === undefined) continue;
    const { name, value } = each;
    if (MEMBERS.includes(name)) {
      claim[name] = [...(claim[name] ?? []), value];
      last = { member: name, id: value };
    } else if (PARTS.includes(name)) {
      if (last === undefined) fail(`--${name} has no invitation before it.\n${USAGE}`);
      claim[last.member]?.splice(-1, 1, { id: last.id, [name]: value });
    }
  }
  return last === undefined ? fail(USAGE) : claim;
}

const options = read();
const claim = claimOf(options);
try {
  grantsOf(claim, () => undefined);
} catch (error) {
  fail(error instanceof Forbidden ? error.message : String(error));
}
const { texts } = readEnvironment(process.env, ['AUTH_JWT_SECRET']);
const shape = Variables.shape;
const [secret] = shape.AUTH_JWT_SECRET.safeParse(texts.AUTH_JWT_SECRET).data ?? [];
if (secret === undefined) {
  fail('Set AUTH_JWT_SECRET (32 bytes or more) to what the gateway is started with: tokens are signed with it.');
}
const { tenant, sub = 'developer', minutes = '15', explore } = options.values;
if (!(Number(minutes) > 0 && Number(minutes) < MAX_MINUTES))
  fail(`--minutes must be above 0 and below ${MAX_MINUTES}.`);
const [issuer] = shape.AUTH_ISSUER.parse(texts.AUTH_ISSUER) ?? [];
const now = Math.floor(Date.now() / 1_000);
const token = await new SignJWT({
  ...(issuer === undefined ? {} : { iss: issuer }),
  aud: shape.AUTH_AUDIENCE.parse(texts.AUTH_AUDIENCE),
  sub,
  iat: now,
  exp: now + Math.round(Number(minutes) * 60),
  ...(explore ? { scope: 'explore' } : {}),
  ...(tenant === undefined ? {} : { tenant }),
  [shape.AUTH_CLAIM.parse(texts.AUTH_CLAIM)]: claim,
})
  .setProtectedHeader({ alg: 'HS256' })
  .sign(Buffer.from(secret.reveal()));
process.stdout.write(`${token}\n`);
