// What was learned about how soon states change, kept in Redis: a process that starts goes on from there, and loses the last
// minute at most. Each process learns by itself, also from what others have read, so that all know much the same; any of
// them keeps it for all. What stands in Redis is believed only where it has the right shape.

import { z } from 'zod';
import { INVITATION_TYPES, type InvitationType } from '../invitation/kinds.ts';
import type { SharedClock } from '../redis/clock.ts';
import type { SharedRedis } from '../redis/redis.ts';
import type { Learning } from './learning.ts';
import { digestOf } from './redis-tier.ts';

/** How often it is kept, in milliseconds. */
const KEEP_MS = 60_000;

/** For how long: what is older says little. */
const TTL_MS = 86_400_000;

const MAX_TEXT = 100_000;

const numbers = z.array(z.number().min(0)).max(100);
const Kept = z.object({
  /** By Redis' clock. */
  savedAt: z.number(),
  evidence: z.partialRecord(
    z.enum(INVITATION_TYPES),
    z.record(z.string(), z.object({ changes: numbers, exposureMs: numbers })),
  ),
});

export interface SharedEvidenceOptions {
  /** Tells apart gateways with other accounts on the same Redis, and tenants. */
  readonly scope: string;
  readonly clock: SharedClock;
  /** Milliseconds of the process's clock. */
  readonly now: () => number;
  /** Told of what is ignored. */
  readonly onRubbish: () => void;
}

/** @returns a function that ends it. */
export function shareEvidence(
  redis: SharedRedis,
  learning: ReadonlyMap<InvitationType, Learning>,
  { scope, clock, now, onRubbish }: SharedEvidenceOptions,
): () => void {
  const key = `gateway:evidence:${digestOf(scope, { key: 'evidence' })}`;
  /** What was kept before is known here, or there was nothing. */
  let isLoaded = false;
  let keptFindings = 0;

  async function load(): Promise<void> {
    if (isLoaded) return;
    const [text, offset] = await Promise.all([redis.ask((client) => client.get(key), onRubbish), clock.offset()]);
    if (text === undefined || offset === undefined || isLoaded) return;
    isLoaded = true;
    const kept = text === null ? undefined : parse(text);
    if (kept === undefined) return;
    const at = now();
    for (const [type, each] of learning) each.evidence.load(kept.evidence[type] ?? {}, at, at + offset - kept.savedAt);
  }

  function parse(text: string): z.infer<typeof Kept> | undefined {
    try {
      if (text.length <= MAX_TEXT) return Kept.parse(JSON.parse(text));
    } catch {
      // Told below.
    }
    onRubbish();
    return undefined;
  }

  async function keep(): Promise<void> {
    await load();
    const offset = await clock.offset();
    const findings = [...learning.values()].reduce((sum, { evidence }) => sum + evidence.findings, 0);
    if (!isLoaded || offset === undefined || findings === keptFindings) return;
    keptFindings = findings;
    const at = now();
    const evidence = Object.fromEntries([...learning].map(([type, each]) => [type, each.evidence.save(at)]));
    const text = JSON.stringify({ savedAt: at + offset, evidence });
    redis.tell((client) => client.set(key, text, 'PX', TTL_MS));
  }

  const keeping = setInterval(() => void keep(), KEEP_MS).unref();
  const endRecovering = redis.onRecovered(() => void load());
  void load();
  return () => {
    clearInterval(keeping);
    endRecovering();
  };
}
