// Why Redis cannot be used, in words that may be logged: never a text of Redis' own, which names keys, users and hosts.

/** No answer came in time. */
export class Lost extends Error {
  override readonly name = 'Lost';
}

export const NO_ANSWER = 'no answer';
export const NOT_CONNECTED = 'not connected';
export const READ_ONLY = 'read-only';

/** Beginnings of Redis' refusals that every command of a kind meets, whatever key it is about. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/^READONLY/, READ_ONLY],
  [/^NOPERM|^ERR The user executing the script can't/, 'no permission'],
  [/^(WRONGPASS|NOAUTH)|^ERR invalid password|^ERR AUTH/, 'not authenticated'],
  [/^OOM/, 'out of memory'],
  [/^(MOVED|ASK|CROSSSLOT|TRYAGAIN)/, 'other slot: it is a cluster'],
  [/^CLUSTERDOWN/, 'cluster down'],
  [/^MASTERDOWN/, 'no primary'],
  [/^LOADING/, 'loading'],
  [/^(BUSY|UNKILLABLE)/, 'busy with a script'],
  [/^MISCONF/, 'cannot save'],
  [/^NOREPLICAS/, 'too few replicas'],
  [/^DENIED/, 'protected mode'],
  [/^ERR max number of clients/, 'too many clients'],
  [/^ERR unknown command/, 'unknown command'],
  [/^ERR DB index/, 'no such database'],
];

/** The reason of a refusal that others will meet too; undefined where it is about what stands under one key. */
export function refusalOf(error: unknown): string | undefined {
  if (!isRefusal(error)) return undefined;
  return REFUSALS.find(([text]) => text.test(error.message))?.[1];
}

/** Whether Redis answered, and said no. By the name: a process without Redis does not load the class. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Why a trial of Redis or a connection to it failed. */
export function reasonOf(error: unknown): string {
  if (error instanceof Lost) return NO_ANSWER;
  if (isRefusal(error)) return refusalOf(error) ?? 'refused';
  if (!(error instanceof Error)) return NOT_CONNECTED;
  // A cluster says of the last of its servers why none of them could be asked.
  if ('lastNodeError' in error) return reasonOf(error.lastNodeError);
  if (error.message.startsWith('All sentinels are unreachable')) return 'no Sentinel knows the primary';
  // Such as ECONNREFUSED, ENOTFOUND or CERT_HAS_EXPIRED.
  return 'code' in error && typeof error.code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(error.code)
    ? error.code
    : NOT_CONNECTED;
}

/**
 * What comes within so many milliseconds, and otherwise `Lost`. An answer that waits to be read when the time is over, because
 * this process was busy, has come.
 */
export function within<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    // Between a timer and an immediate, Node reads what has arrived.
    const timer = setTimeout(() => setImmediate(() => reject(new Lost())), timeoutMs);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
