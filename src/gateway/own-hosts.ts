// By which hosts callers may ask. A gateway without tokens that listens on loopback alone is meant for this machine: a page
// whose name leads to it is kept out, but for the gateway's own. One that other machines reach is asked by names that
// nothing here tells from a stranger's.

import type { Admission } from '../access/admission.ts';
import { createHostCheck, type HostCheck, takesAnyHost } from '../server/foreign-host.ts';
import { isLoopback } from '../settings/networks.ts';
import type { Settings } from '../settings.ts';

export function ownHostsOf(
  { asksForTokens }: Pick<Admission, 'asksForTokens'>,
  { host, publicOrigin }: Pick<Settings, 'host' | 'publicOrigin'>,
): HostCheck {
  if (asksForTokens || !isLoopback(host)) return takesAnyHost;
  return createHostCheck(publicOrigin === undefined ? [] : [new URL(publicOrigin).hostname]);
}
