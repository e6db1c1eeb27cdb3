// How long a test waits for what it expects. Vitest gives up after a second, which a busy machine takes to start a browser.

import { vi } from 'vitest';

const PATIENCE = { timeout: 15_000 };

const { waitFor, waitUntil } = vi;
const patient = <Options extends object>(options: number | Options | undefined) =>
  typeof options === 'number' ? options : { ...PATIENCE, ...options };
vi.waitFor = (isMet, options) => waitFor(isMet, patient(options));
vi.waitUntil = (isMet, options) => waitUntil(isMet, patient(options));
