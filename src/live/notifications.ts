// What a provider's notification sets off: the invitation is read again, at most once a second each. Where that read cannot
// be made now, takes over 500 ms, or must wait for the second to be over, what the notification says is shown meanwhile,
// marked as unconfirmed: it is signed, but it carries no time, so that only the next read confirms it. In: the bytes of a
// webhook's request. It knows neither HTTP nor what a provider's notification looks like.
//
// By each unwatched name, a notification only makes the known state old: the next caller causes the read. Another process
// reads what it was notified of; this process reads it where it is watched here and not shared within a second.

import { type Ref, wholeKeyOf } from '../invitation/ref.ts';
import type { Account, Notification } from '../providers/provider.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { Span } from '../upstream/span.ts';
import type { CallbackAddresses } from './callback-addresses.ts';
import { createCoolDown } from './cool-down.ts';
import type { SharedNotifications } from './redis-notifications.ts';
import type { Watcher } from './watcher.ts';

export interface Notifications {
  /** Whether a provider of this name sends any. */
  accepts(provider: string): boolean;
  /**
   * @param span Of the request that brings it, where that is traced.
   * @returns `forged` where the provider did not sign these bytes, `busy` where too much waits already and the provider
   * is to send it again.
   */
  receive(provider: string, body: Buffer, headers: Headers, span?: Span): Receipt;
  /** Heeds what other processes were notified of. @returns what ends it; undefined where there are none. */
  listen(): Promise<(() => void) | undefined>;
}

/** `ignored`: it is signed, and names no invitation. */
export const RECEIPTS = ['accepted', 'ignored', 'forged', 'busy'] as const;

export type Receipt = (typeof RECEIPTS)[number];

type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface NotificationsOptions {
  readonly accounts: readonly Account[];
  readonly snapshots: Pick<Snapshots, 'readSoon' | 'overlay' | 'hear' | 'want'>;
  readonly watcher: Pick<Watcher, 'namesOf'>;
  readonly addresses: CallbackAddresses;
  /** Tells other processes, where there are any. */
  readonly shared: SharedNotifications | undefined;
  /** Told of each that a provider has signed and that names no invitation. */
  readonly onIgnored: () => void;
  /**
   * Told when the last stream that watches an invitation was given what a notification of it has brought.
   * @param afterMs How long after the notification.
   */
  readonly onTold?: ((afterMs: number) => void) | undefined;
}

interface Notice {
  readonly ref: Ref;
  readonly overlay: Notification['overlay'];
  /** On the clock that never goes back. */
  readonly heardAt: number;
  readonly span: Span | undefined;
  /** It is shown to those who watch it by this name. */
  readonly onShown: () => void;
}

interface Heard {
  readonly ref: Ref;
  readonly heardAt: number;
  /** Not by another process. */
  readonly byUs: boolean;
}

const MAX_WAITING = 10_000;
const COOL_DOWN_MS = 1_000;
const PATIENCE_MS = 500;

export function createNotifications(options: NotificationsOptions): Notifications {
  const { accounts, snapshots, watcher, addresses, shared, onIgnored, onTold } = options;
  /** By each name, and by the invitation's key as a whole. */
  const reading = createCoolDown(COOL_DOWN_MS, read);
  const hearing = createCoolDown(COOL_DOWN_MS, ({ ref, heardAt, byUs }: Heard) => snapshots.hear(ref, heardAt, byUs));
  /** The last one of each invitation that is being read because of one. */
  const newest = new Map<string, Notice>();
  /** What other processes were notified of within the last second, and when at last. */
  const awaited = new Map<string, number>();

  function readerOf(provider: string) {
    return accounts.find((account) => account.provider === provider)?.notifications;
  }

  function handle(notice: Notice): void {
    newest.set(notice.ref.key, notice);
    if (!reading.run(notice.ref.key, notice)) show(notice);
  }

  function read(notice: Notice): void {
    const { ref, span } = notice;
    newest.set(ref.key, notice);
    // A provider that is slow, or down, is not waited for.
    const impatience = setTimeout(() => show(notice), PATIENCE_MS);
    void snapshots.readSoon(ref, span).then((isRead) => {
      clearTimeout(impatience);
      if (!isRead) show(notice);
      notice.onShown();
      if (newest.get(ref.key) === notice) newest.delete(ref.key);
      addresses.note(ref);
    });
  }

  /** Unless a newer one has come by now. */
  function show(notice: Notice): void {
    const { ref, overlay, heardAt, onShown } = notice;
    if (newest.get(ref.key) === notice) snapshots.overlay(ref, overlay, heardAt);
    onShown();
  }

  /** Once a second for an invitation, too: each time all of its names are to be read again by those who ask for them. */
  function hear({ ref }: Notification, heardAt: number, byUs: boolean): void {
    hearing.run(wholeKeyOf(ref), { ref, heardAt, byUs });
  }

  function readAgain(notification: Notification, heardAt: number, span: Span | undefined): void {
    const { ref, overlay } = notification;
    const watched = watcher.namesOf(ref);
    const onShown = whenAll(watched.length, () => {
      // What streams were given in this turn is written by then.
      if (onTold !== undefined) setImmediate(() => onTold(performance.now() - heardAt));
    });
    for (const each of watched.length === 0 ? [ref] : watched) {
      handle({ ref: each, overlay, heardAt, span, onShown: once(onShown) });
    }
  }

  /** What another process was notified of. */
  function readUnlessShared(ref: Ref, heardAt: number): void {
    const { key } = ref;
    const isWaiting = awaited.has(key);
    awaited.set(key, heardAt);
    if (isWaiting) return;
    setTimeout(() => {
      const newestAt = awaited.get(key) ?? heardAt;
      awaited.delete(key);
      snapshots.want(ref, performance.now() - newestAt);
    }, COOL_DOWN_MS).unref();
  }

  return {
    accepts: (provider) => readerOf(provider) !== undefined,
    receive(provider, body, headers, span) {
      const reader = readerOf(provider);
      if (!reader?.isGenuine(body, headers)) return 'forged';
      const notification = reader.read(body);
      if (notification === null) {
        onIgnored();
        return 'ignored';
      }
      const heardAt = performance.now();
      hear(notification, heardAt, true);
      shared?.share(provider, body, heardAt);
      if (reading.size >= MAX_WAITING) return 'busy';
      // After the provider has its answer: it is not to wait for any of this.
      setImmediate(() => readAgain(notification, heardAt, span));
      return 'accepted';
    },
    async listen() {
      return shared?.listen((provider, body, heardAt) => {
        const notification = readerOf(provider)?.read(body);
        if (!notification) return;
        hear(notification, heardAt, false);
        for (const ref of watcher.namesOf(notification.ref)) {
          snapshots.overlay(ref, notification.overlay, heardAt);
          addresses.note(ref);
          readUnlessShared(ref, heardAt);
        }
      });
    },
  };
}

/** Calls back when it was called so often; never where that is not at all. */
function whenAll(count: number, callback: () => void): () => void {
  let left = count;
  return () => {
    left -= 1;
    if (left === 0) callback();
  };
}

function once(callback: () => void): () => void {
  let isOver = false;
  return () => {
    if (!isOver) callback();
    isOver = true;
  };
}
