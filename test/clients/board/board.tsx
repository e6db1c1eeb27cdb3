// The board: reads its invitations once, keeps them live by one subscription, and has the providers asked on demand.
// What comes goes to the cache, which feeds the rows. The board itself knows which row names which invitation.

import { useApolloClient } from '@apollo/client/react';
import { useCallback, useEffect, useState } from 'react';
import { errorsIn } from './apollo.ts';
import type { Transport } from './gateway.ts';
import { graphql } from './generated/gql.ts';
import type { InvitationRef } from './generated/graphql.ts';
import { Live } from './live.tsx';
import { EmptyRow, Row } from './row.tsx';
import { problemsIn, type Slot, slotsOf } from './slots.ts';
import { nameOf, whyNot } from './words.ts';

const BOARD = graphql(`
  query Board($refs: [InvitationRef!]!, $maxAgeSeconds: Int) {
    invitations(refs: $refs, maxAgeSeconds: $maxAgeSeconds) {
      ...Row
    }
  }
`);

export function Board({ refs }: { readonly refs: InvitationRef[] }) {
  const client = useApolloClient();
  const [transport, setTransport] = useState<Transport>('SSE');
  const [slots, setSlots] = useState<readonly Slot[]>(() => refs.map(() => ({})));
  const [problem, setProblem] = useState<string>();
  const [isReading, setReading] = useState(false);

  /** @param isWanted Which places are read. @param maxAgeSeconds 0 has the providers asked now. */
  const read = useCallback(
    async (isWanted: (place: number) => boolean, maxAgeSeconds?: number) => {
      const places = [...refs.keys()].filter(isWanted);
      setReading(true);
      try {
        // With another `errorPolicy`, one invitation that fails would take all the others with it.
        const { data, error } = await client.query({
          query: BOARD,
          variables: { refs: refs.filter((_, n) => isWanted(n)), maxAgeSeconds },
          fetchPolicy: 'network-only',
          errorPolicy: 'all',
        });
        const answers = data === undefined ? [] : slotsOf(data, problemsIn(errorsIn(error)));
        setSlots((slots) => slots.map((slot, n) => ({ ...slot, ...answers[places.indexOf(n)] })));
        setProblem(data === undefined ? whyNot(error) : undefined);
      } finally {
        setReading(false);
      }
    },
    [client, refs],
  );
  useEffect(() => void read(() => true), [read]);

  const isOpen = (place: number) => slots[place]?.invitation?.isFinal !== true;
  return (
    <main>
      <header>
        <h1>Invitations</h1>
        <Live
          key={transport}
          refs={refs}
          transport={transport}
          onState={(invitation) => {
            // One that could not be read before, or was not there.
            if (slots.some((slot) => slot.invitation?.id === invitation.id)) setProblem(undefined);
            else void read((n) => !slots[n]?.invitation);
            setSlots((slots) =>
              slots.map((slot) => (slot.invitation?.id === invitation.id ? { invitation, problem: undefined } : slot)),
            );
          }}
          onProblem={(place, problem) =>
            setSlots((slots) => slots.map((slot, n) => (n === place ? { ...slot, problem } : slot)))
          }
        />
        <fieldset>
          <legend>Transport</legend>
          {(['SSE', 'WebSocket'] as const).map((each) => (
            <label key={each}>
              <input type="radio" name="transport" checked={each === transport} onChange={() => setTransport(each)} />
              {each}
            </label>
          ))}
        </fieldset>
        <button type="button" disabled={isReading} onClick={() => void read(isOpen, 0)}>
          {isReading ? 'Asking…' : 'Ask providers now'}
        </button>
      </header>
      {problem !== undefined && (
        <p className="problem" role="alert">
          The invitations could not be read: {problem}
        </p>
      )}
      <ul aria-busy={isReading}>
        {refs.map((ref, n) => {
          const { invitation, problem } = slots[n] ?? {};
          return (
            <li key={JSON.stringify(ref)}>
              {invitation ? (
                <Row invitation={invitation} problem={problem} />
              ) : (
                <EmptyRow name={nameOf(ref)} isMissing={invitation === null} isReading={isReading} problem={problem} />
              )}
            </li>
          );
        })}
      </ul>
    </main>
  );
}
