// Every provider imitated together. A new imitation is a line in the list.

import { startCronofy } from './cronofy.ts';
import type { Examples, ImitationOptions, ListedImitation } from './imitation.ts';
import { startPartoo } from './partoo.ts';

const IMITATIONS = {
  partoo: startPartoo,
  cronofy: startCronofy,
};

type Name = keyof typeof IMITATIONS;

type Imitations = { readonly [N in Name]: Awaited<ReturnType<(typeof IMITATIONS)[N]>> };

export const IMITATION_NAMES = Object.keys(IMITATIONS) as readonly Name[];

export type Sandbox = Imitations & {
  /** What settings need to reach all of them. */
  readonly variables: Readonly<Record<string, string>>;
  readonly examples: Required<Examples>;
  readonly hints: readonly string[];
  /** Sends notifications to a gateway. */
  notify(gatewayOrigin: string): void;
  stop(): Promise<void>;
};

export type SandboxOptions = { readonly [N in Name]?: ImitationOptions };

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const started: readonly (readonly [Name, ListedImitation])[] = await Promise.all(
    IMITATION_NAMES.map(async (name) => [name, await IMITATIONS[name](options[name])] as const),
  );
  const all = started.map(([, imitation]) => imitation);
  return {
    // Each is what its name started.
    ...(Object.fromEntries(started) as unknown as Imitations),
    variables: Object.assign({}, ...all.map(({ variables }) => variables)),
    examples: {
      page: all.flatMap(({ examples }) => examples.page),
      live: all.flatMap(({ examples }) => examples.live),
      one: Object.assign({}, ...all.map(({ examples }) => examples.one)),
      id: all.find(({ examples }) => examples.id !== undefined)?.examples.id ?? '',
    },
    hints: all.flatMap(({ hints }) => hints),
    notify(gatewayOrigin) {
      for (const imitation of all) imitation.notify?.(gatewayOrigin);
    },
    async stop() {
      await Promise.all(all.map((imitation) => imitation.stop()));
    },
  };
}
