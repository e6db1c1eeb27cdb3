// Viewers who poll: each has a page of twenty invitations out of all, and asks for it again and again. What they were
// given is counted: how long it took, how old it was, and whether it failed.

import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

export interface ViewersOptions {
  readonly port: number;
  readonly viewers: number;
  /** Invitations of each of the two providers. */
  readonly each: number;
  readonly pollMs: number;
}

export interface Answers {
  /** One number an operation, in milliseconds. */
  readonly latenciesMs: number[];
  /** One number an invitation that is not final, in milliseconds. */
  readonly agesMs: { PARTOO: number[]; CRONOFY: number[] };
  failed: number;
  given: number;
  /** How many failed with each error code. */
  readonly codes: Record<string, number>;
}

export interface Viewers {
  /** What was counted since this was last asked. */
  take(): Answers;
  /** How many invitations no viewer has been given yet. */
  unseen(): number;
  stop(): Promise<void>;
}

const QUERY = `query Page($refs: [InvitationRef!]!) {
  invitations(refs: $refs) { id provider status isFinal observedAt isStale }
}`;

const PAGE = 20;

export function startViewers(options: ViewersOptions): Viewers {
  // The gateway tells callers apart by their addresses.
  const pools = Array.from({ length: options.viewers }, (_, n) => {
    const localAddress = `127.2.${Math.floor(n / 250)}.${1 + (n % 250)}`;
    return new Pool(`http://127.0.0.1:${options.port}`, { connections: 1, connect: { localAddress } });
  });
  const unseen = new Set(Array.from({ length: 2 * options.each }, (_, n) => n));
  let answers = nothing();
  let stopped = false;

  // Every invitation is on some page: the pages are slices of shuffled lists.
  let deck: number[] = [];
  const draw = () => {
    if (deck.length === 0) deck = shuffled(2 * options.each);
    return deck.pop() ?? 0;
  };

  async function view(pool: Pool, page: readonly number[], firstAfterMs: number): Promise<void> {
    const refs = page.map((n) =>
      n < options.each
        ? { reviewInvitation: { invitationId: `review-${n}` } }
        : { smartInvite: { smartInviteId: `invite-${n - options.each}` } },
    );
    const body = JSON.stringify({ query: QUERY, variables: { refs } });
    let dueAt = performance.now() + firstAfterMs;
    while (!stopped) {
      await sleep(Math.max(0, dueAt - performance.now()));
      const startedAt = performance.now();
      await ask(pool, page, body).catch(() => {
        answers.failed += PAGE;
      });
      answers.latenciesMs.push(performance.now() - startedAt);
      // Each keeps a beat of its own: counted from the answer, all who once waited for the same read would ask in step
      // from then on.
      do dueAt += options.pollMs;
      while (dueAt < performance.now());
    }
  }

  async function ask(pool: Pool, page: readonly number[], body: string): Promise<void> {
    const response = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { data, errors } = (await response.body.json()) as {
      data: { invitations: (Given | null)[] };
      errors?: { extensions: { code: string } }[];
    };
    for (const { extensions } of errors ?? []) {
      answers.codes[extensions.code] = (answers.codes[extensions.code] ?? 0) + 1;
    }
    const now = Date.now();
    data.invitations.forEach((given, n) => {
      answers.given += 1;
      if (given === null) {
        answers.failed += 1;
      } else {
        unseen.delete(page[n] ?? -1);
        if (!given.isFinal) answers.agesMs[given.provider].push(now - Date.parse(given.observedAt));
      }
    });
  }

  const loops = pools.map((pool) => view(pool, Array.from({ length: PAGE }, draw), Math.random() * options.pollMs));

  return {
    take() {
      const taken = answers;
      answers = nothing();
      return taken;
    },
    unseen: () => unseen.size,
    async stop() {
      stopped = true;
      await Promise.all(loops);
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}

interface Given {
  readonly provider: 'PARTOO' | 'CRONOFY';
  readonly isFinal: boolean;
  readonly observedAt: string;
}

function nothing(): Answers {
  return { latenciesMs: [], agesMs: { PARTOO: [], CRONOFY: [] }, failed: 0, given: 0, codes: {} };
}

function shuffled(length: number): number[] {
  const deck = Array.from({ length }, (_, n) => n);
  for (let n = length - 1; n > 0; n--) {
    const other = Math.floor(Math.random() * (n + 1));
    [deck[n], deck[other]] = [deck[other] ?? 0, deck[n] ?? 0];
  }
  return deck;
}
