// A subscription that outlives its streams: they complete when their process goes (over SSE), and after a while anyway.

interface Invitation {
  readonly id: string;
  readonly isFinal: boolean;
  readonly [field: string]: unknown;
}

interface Live {
  readonly data?: { readonly invitationChanged: Invitation } | null | undefined;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[] | undefined;
}

interface Sink {
  next(event: Live): void;
  error(error: unknown): void;
  complete(): void;
}

interface Request {
  readonly query: string;
  readonly variables: { readonly refs: readonly unknown[]; readonly [name: string]: unknown };
}

/** The stream of these refs, over as many streams of graphql-sse or graphql-ws as it takes until all of them are final. */
export function subscribeAnew(
  client: { subscribe(request: Request, sink: Sink): () => void },
  request: Request,
  sink: Sink,
): () => void {
  const final = new Set<string>();
  let longestMs = 1_000;
  let isLeft = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let leave = () => {};
  const subscribe = () => {
    let mayChange = false;
    leave = client.subscribe(request, {
      next(event) {
        const invitation = event.data?.invitationChanged;
        if (invitation?.isFinal) final.add(invitation.id);
        else if (invitation) mayChange = true;
        sink.next(event);
      },
      error: (error) => sink.error(error),
      complete() {
        // The client also completes what its caller has left.
        if (isLeft || final.size === request.variables.refs.length) return sink.complete();
        // Each at a moment of its own: all of a process's streams complete at once when it goes. A stream that
        // gave nothing that may change (no such invitation, too many streams) is asked for ever more seldom.
        longestMs = mayChange ? 1_000 : Math.min(2 * longestMs, 60_000);
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
