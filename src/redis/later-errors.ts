// ioredis listens to the first error of a connection alone. Over TLS a second one may follow (the server's alert after we
// have refused its certificate), and an error that nobody listens to ends the process.

import type { Redis } from 'ioredis';

export function ignoreLaterErrors(client: Redis): void {
  // Told while the first one is handled, so that it is the stream of that one.
  client.on('error', () => client.stream?.off('error', ignore).on('error', ignore));
}

function ignore(): void {
  // The first one was told.
}
