// The one subscription of the page. What comes by it is in the cache before the page is told; an error tells its row.

import { useSubscription } from '@apollo/client/react';
import { Clock } from './age.tsx';
import { errorsIn } from './apollo.ts';
import { type Connection, useConnection } from './connection.ts';
import type { Transport } from './gateway.ts';
import { graphql } from './generated/gql.ts';
import type { InvitationRef } from './generated/graphql.ts';
import { type Named, problemsIn } from './slots.ts';

const LIVE = graphql(`
  subscription Live($refs: [InvitationRef!]!) {
    invitationChanged(refs: $refs) {
      ...Row
    }
  }
`);

interface Props {
  readonly refs: InvitationRef[];
  readonly transport: Transport;
  onState(invitation: Named): void;
  onProblem(place: number, problem: string): void;
}

export function Live({ refs, transport, onState, onProblem }: Props) {
  const { restart, error } = useSubscription(LIVE, {
    variables: { refs },
    // Apollo would go on with the stream that is open, over the other transport.
    context: { transport, queryDeduplication: false },
    errorPolicy: 'all',
    onData: ({ data }) => data.data && onState(data.data.invitationChanged),
    onError(error) {
      for (const [place, problem] of problemsIn(errorsIn(error))) onProblem(place, problem);
    },
  });
  const connection = useConnection();
  if (error !== undefined && problemsIn(errorsIn(error)).size === 0) {
    return (
      <p role="alert">
        Not live: {error.message}{' '}
        <button type="button" onClick={restart}>
          Connect again
        </button>
      </p>
    );
  }
  return (
    <p role="status" className={classOf(connection)}>
      {wordsOf(connection)}
    </p>
  );
}

function classOf(connection: Connection): string {
  if (connection === 'connected') return 'live';
  return connection === 'connecting' ? 'connecting' : 'down';
}

function wordsOf(connection: Connection) {
  if (connection === 'connected') return 'Live';
  if (connection === 'connecting') return 'Connecting…';
  return (
    <>
      No connection, next try at <Clock at={connection.retryAt} />
    </>
  );
}
