// Operations whose answers are large, or take many reads: of pages, attachments and lists of replies.

import { type Candidate, invite, list, MOST_OF_A_LIST, named, type Operation, repeat, review } from './candidate.ts';

const EVERYTHING = `fragment Everything on Invitation {
  id status isFinal observedAt isStale
  ... on ReviewInvitation { invitationId deliveryStatus rawStatus }
  ... on SmartInvite {
    smartInviteId dataCenter callbackUrl
    recipients { email status rawStatus comment }
    event { summary description start { dateTime timeZone } end { dateTime timeZone } location { description } }
  }
}`;

/** Everything of so many invitations of both kinds, in lists as long as they may be. */
function pages(size: number, run: number, idOf: (n: number) => string): Operation {
  const refs = repeat(size, (n) => (n % 2 === 0 ? review : invite)(idOf(n)));
  const count = Math.ceil(size / MOST_OF_A_LIST);
  const page = (n: number) => refs.slice(n * MOST_OF_A_LIST, (n + 1) * MOST_OF_A_LIST);
  return {
    query: `${named(run)}(${list(count, (n) => `$page${n}: [InvitationRef!]!`)}) {
      ${list(count, (n) => `page${n}: invitations(refs: $page${n}) { ...Everything }`)}
    } ${EVERYTHING}`,
    variables: Object.fromEntries(repeat(count, (n) => [`page${n}`, page(n)])),
  };
}

/** One list of refs, whatever is selected with it. */
function onePage(run: number, refs: readonly object[], selections: string): Operation {
  return { query: `${named(run)}($refs: [InvitationRef!]!) { ${selections} }`, variables: { refs } };
}

const KNOWN_PAGE = repeat(MOST_OF_A_LIST, (n) => review(`id-${n}`));
const IMPOSSIBLE_PAGE = repeat(MOST_OF_A_LIST, () => review(''));

export const ANSWERS: readonly Candidate[] = [
  {
    name: 'a page of 100 known invitations, many fields each',
    unit: 'fields each',
    most: 300,
    operation: (size, run) =>
      onePage(run, KNOWN_PAGE, `invitations(refs: $refs) { ${list(size, (n) => `a${n}: id`)} }`),
  },
  {
    name: 'a page of 100 known invitations, again and again',
    unit: 'times',
    most: 250,
    operation: (size, run) =>
      onePage(
        run,
        KNOWN_PAGE,
        list(size, (n) => `a${n}: invitations(refs: $refs) { id }`),
      ),
  },
  {
    name: 'a page of 100 refs that cannot be, again and again',
    unit: 'times',
    most: 250,
    outcome: 'errors beside data',
    operation: (size, run) =>
      onePage(
        run,
        IMPOSSIBLE_PAGE,
        list(size, (n) => `a${n}: invitations(refs: $refs) { id }`),
      ),
  },
  {
    name: 'a page of 100 refs that cannot be, again and again, under long aliases',
    unit: 'times',
    most: 160,
    outcome: 'errors beside data',
    operation: (size, run) =>
      onePage(
        run,
        IMPOSSIBLE_PAGE,
        list(size, (n) => `${'k'.repeat(400)}${n}: invitations(refs: $refs) { id }`),
      ),
  },
  {
    name: 'a page of 100 known invitations under a long alias each',
    unit: 'characters',
    most: 90_000,
    operation: (size, run) => onePage(run, KNOWN_PAGE, `invitations(refs: $refs) { ${'k'.repeat(1 + size)}: id }`),
  },
  {
    name: 'pages of 100 known invitations under a long alias each',
    unit: 'pages',
    most: 141,
    operation: (size, run) => ({
      query: `${named(run)}($refs: [InvitationRef!]!) { ${list(size, (n) => `a${n}: invitations(refs: $refs) { ...Known }`)} } fragment Known on Invitation { ${'k'.repeat(2_000)}: id }`,
      variables: { refs: KNOWN_PAGE },
    }),
  },
  {
    name: 'an invite with 1,000 replies under a long alias each',
    unit: 'characters',
    most: 90_000,
    operation: (size, run) => ({
      query: `${named(run)} { smartInvite(smartInviteId: "replies-1000-1") { replies { ${'k'.repeat(1 + size)}: email } } }`,
    }),
  },
  {
    name: 'known invitations of both kinds, everything of each',
    unit: 'invitations',
    most: 240,
    operation: (size, run) => pages(size, run, (n) => `id-${n}`),
  },
  {
    name: 'new invitations of both kinds, everything of each',
    unit: 'invitations',
    most: 240,
    operation: (size, run) => pages(size, run, (n) => `new-${run}-${n}`),
  },
  {
    name: 'one invite with an ICS of 200 KB, selected often',
    unit: 'times',
    most: 30,
    operation: (size, run) => ({
      query: `${named(run)} { smartInvite(smartInviteId: "ics-200000-1") { ${list(size, (n) => `a${n}: attachments { icalendar }`)} } }`,
    }),
  },
  {
    name: 'invites with an ICS of 200 KB each',
    unit: 'invites',
    most: 30,
    operation: (size, run) =>
      onePage(
        run,
        repeat(size, (n) => invite(`ics-200000-${n}`)),
        'invitations(refs: $refs) { ... on SmartInvite { attachments { icalendar } } }',
      ),
  },
  {
    name: 'invites with 1,000 replies each',
    unit: 'invites',
    most: MOST_OF_A_LIST,
    operation: (size, run) =>
      onePage(
        run,
        repeat(size, (n) => invite(`replies-1000-${n}`)),
        'invitations(refs: $refs) { ... on SmartInvite { replies { email status comment } } }',
      ),
  },
  {
    name: 'an invite with 1,000 replies, many fields each',
    unit: 'fields each',
    most: 300,
    operation: (size, run) => ({
      query: `${named(run)} { smartInvite(smartInviteId: "replies-1000-1") { replies { ${list(size, (n) => `a${n}: status`)} } } }`,
    }),
  },
];
