// A subscription over SSE that outlives its streams: they complete when their process goes, and after a while anyway.

import type { Client, ExecutionResult, RequestParams, Sink } from 'graphql-sse';

interface Live extends Record<string, unknown> {
  invitationChanged: { id: string; isFinal: boolean; [field: string]: unknown };
}

/** The stream of these refs, over as many streams as it takes until all of them are final. */
export function subscribeAnew(
  client: Client,
  request: RequestParams & { variables: { refs: readonly unknown[] } },
  sink: Sink<ExecutionResult<Live, unknown>>,
): () => void {
  const final = new Set<string>();
  let longestMs = 1_000;
  let isLeft = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let leave = () => {};
  const subscribe = () => {
    let hasState = false;
    leave = client.subscribe<Live>(request, {
      next(event) {
        const invitation = event.data?.invitationChanged;
        if (invitation) hasState = true;
        if (invitation?.isFinal) final.add(invitation.id);
        sink.next(event);
      },
      error: sink.error,
      complete() {
        // The client also completes what its caller has left.
        if (isLeft || final.size === request.variables.refs.length) return sink.complete();
        // Each at a moment of its own: all of a process's streams complete at once when it goes. A stream that gave
        // nothing (no such invitation, too many streams) is asked for ever more seldom.
        longestMs = hasState ? 1_000 : Math.min(2 * longestMs, 60_000);
        timer = setTimeout(subscribe, Math.random() * longestMs);
      },
    });
  };
  subscribe();
  return () => {
    isLeft = true;
    clearTimeout(timer);
    leave();
  };
}
