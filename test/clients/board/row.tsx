// A row, fed by the cache: an answer or an event of a stream changes what is shown of its invitation, wherever that is.

import { useFragment } from '@apollo/client/react';
import { Age, Clock } from './age.tsx';
import { graphql } from './generated/gql.ts';
import type { Named } from './slots.ts';
import { detailOf, PROVIDERS, REASONS, STATUSES, titleOf } from './words.ts';

const ROW = graphql(`
  fragment Row on Invitation {
    __typename
    id
    externalId
    provider
    status
    rawStatus
    isFinal
    observedAt
    staleness {
      reason
      retryAt
    }
    ... on ReviewInvitation {
      deliveryStatus
    }
    ... on SmartInvite {
      event {
        summary
      }
      recipients {
        email
        status
        comment
      }
    }
  }
`);

export function Row({
  invitation: from,
  problem,
}: {
  readonly invitation: Named;
  readonly problem: string | undefined;
}) {
  const { data, complete } = useFragment({ fragment: ROW, from });
  if (!complete) return null;
  const { status, provider, observedAt, isFinal, staleness } = data;
  return (
    <article className={status.toLowerCase()}>
      {/* Read out when it changes, with the name of what has changed. */}
      <div className="what" aria-live="polite" aria-atomic="true">
        <h2>{titleOf(data)}</h2>
        <Badge key={status} {...STATUSES[status]} />
      </div>
      <p>{detailOf(data)}</p>
      <p className="age">
        {PROVIDERS[provider]}, <Age at={observedAt} />
        {isFinal && ' · final'}
      </p>
      {staleness !== null && (
        <p className="stale">
          {REASONS[staleness.reason]}
          {staleness.retryAt !== null && (
            <>
              {' '}
              A newer answer is possible after <Clock at={staleness.retryAt} />.
            </>
          )}
        </p>
      )}
      {problem !== undefined && <p className="problem">{problem}</p>}
    </article>
  );
}

interface EmptyProps {
  readonly name: string;
  readonly isMissing: boolean;
  readonly isReading: boolean;
  readonly problem: string | undefined;
}

/** One that has failed, is not there, or has not come yet. */
export function EmptyRow({ name, isMissing, isReading, problem }: EmptyProps) {
  const [badge, detail] =
    problem !== undefined
      ? [{ icon: '!', label: 'Not read' }, problem]
      : isMissing
        ? [{ icon: '–', label: 'Not found' }, 'There is none, or it is not yours to see.']
        : [isReading ? { icon: '…', label: 'Reading' } : { icon: '–', label: 'Not read yet' }, ''];
  return (
    <article className={problem === undefined ? 'empty' : 'error'}>
      <div className="what" aria-live="polite" aria-atomic="true">
        <h2>{name}</h2>
        <Badge {...badge} />
      </div>
      <p>{detail}</p>
    </article>
  );
}

function Badge({ icon, label }: { readonly icon: string; readonly label: string }) {
  return (
    <span className="badge">
      <span aria-hidden="true">{icon}</span> {label}
    </span>
  );
}
