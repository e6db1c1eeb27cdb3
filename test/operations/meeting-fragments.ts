// Documents whose fragments meet: two that are spread side by side make one field of two places, and a plan of its own
// wherever other two meet. Nine invitations, ten events each, ten times each, and so many leaves: some twenty thousand fields in a text of 2,000 tokens at most.

const list = (count: number, of: (n: number) => string) => Array.from({ length: count }, (_, n) => of(n)).join(' ');

/** Conditions that have eight values together. */
const CONDITIONS = 'x: __typename @include(if: $a) y: __typename @include(if: $b) z: __typename @include(if: $c)';

export const EIGHT_CONDITIONS = Array.from({ length: 8 }, (_, n) => ({
  a: (n & 1) > 0,
  b: (n & 2) > 0,
  c: (n & 4) > 0,
}));

function documentOf(name: string, invites: readonly string[], fragments: string): string {
  return `query ${name}($a: Boolean!, $b: Boolean!, $c: Boolean!) {
    ${invites.map((spreads, n) => `a${n}: smartInvite(smartInviteId: "id-1") { ${spreads} }`).join(' ')} ${CONDITIONS}
  } ${fragments}`;
}

function fragmentsOf(n: number, event: (n: number) => number, time: (n: number) => number, leaves: number): string {
  return `fragment Invite${n} on SmartInvite { ${list(10, (m) => `e${m}: event { ...Event${event(m)} }`)} }
    fragment Event${n} on SmartInviteEvent { ${list(10, (m) => `s${m}: start { ...Time${time(m)} }`)} }
    fragment Time${n} on EventTime { ${list(leaves, (m) => `t${m}: __typename`)} }`;
}

/** The same two meet everywhere. */
export function samePairs(name: string, leaves = 12): string {
  const fragments = list(2, (n) =>
    fragmentsOf(
      n,
      () => n,
      () => n,
      leaves,
    ),
  );
  return documentOf(name, Array(9).fill('...Invite0 ...Invite1'), fragments);
}

/** Of ten fragments, other two meet in nearly every place. */
export function otherPairs(name: string, leaves = 7): string {
  const invites = Array.from({ length: 9 }, (_, n) => `...Invite${n} ...Invite${n + 1}`);
  const fragments = list(10, (n) =>
    fragmentsOf(
      n,
      (m) => (7 * n + 3 * m + n * m) % 10,
      (m) => (3 * n + m) % 10,
      leaves,
    ),
  );
  return documentOf(name, invites, fragments);
}
