// A subscription over Server-Sent Events, as its reader meets it: every event so far, and what is waited for.

import { createClient } from 'graphql-sse';
import { onTestFinished, vi } from 'vitest';

export interface StreamEvent {
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever its subscription asked for
  readonly invitation?: any;
  /** The code of the error, where the event is one, or has one. */
  readonly code?: unknown;
  /** Which of the refs that error is about, where it says so. */
  readonly refIndex?: unknown;
}

export interface Subscriber {
  readonly events: readonly StreamEvent[];
  /** The first event that fits, once it is there. */
  until(fits: (event: StreamEvent) => boolean): Promise<StreamEvent>;
  /** The first `count` events, once they are there. */
  first(count: number): Promise<readonly StreamEvent[]>;
  /** Resolves when the gateway completes the stream; rejects where it breaks instead. */
  readonly completed: Promise<'completed'>;
  leave(): void;
}

const FIELDS = `
  __typename id status isFinal isStale observedAt
  ... on ReviewInvitation { invitationId deliveryStatus }
  ... on SmartInvite { smartInviteId recipients { email status comment } }
`;

const PATIENCE = { interval: 5 };

/** Leaves by itself when the test is over. */
export function subscribeTo(
  origin: string,
  refs: readonly object[],
  fields = FIELDS,
  headers: Record<string, string> = {},
): Subscriber {
  const client = createClient({ url: `${origin}/graphql`, retryAttempts: 0, headers });
  const events: StreamEvent[] = [];
  const ended = Promise.withResolvers<'completed'>();
  ended.promise.catch(() => {});
  const query = `subscription($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { ${fields} } }`;
  const leave = client.subscribe<{ invitationChanged: unknown }>(
    { query, variables: { refs } },
    {
      next({ data, errors }) {
        const { code, refIndex } = errors?.[0]?.extensions ?? {};
        events.push({
          ...(data ? { invitation: data.invitationChanged } : {}),
          ...(code === undefined ? {} : { code }),
          ...(refIndex === undefined ? {} : { refIndex }),
        });
      },
      error: ended.reject,
      complete: () => ended.resolve('completed'),
    },
  );
  onTestFinished(leave);
  return {
    events,
    until: (fits) => vi.waitUntil(() => events.find(fits), PATIENCE) as Promise<StreamEvent>,
    first: (count) => vi.waitUntil(() => events.length >= count && events.slice(0, count), PATIENCE) as never,
    completed: ended.promise,
    leave,
  };
}

export const review = (invitationId: string) => ({ reviewInvitation: { invitationId } });
export const invite = (smartInviteId: string) => ({ smartInvite: { smartInviteId } });
