// Which version runs, for those who show it.

import { readFileSync } from 'node:fs';

export function versionOfGateway(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return String(version);
}
