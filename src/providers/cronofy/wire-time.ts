// A moment or a whole day in Cronofy's JSON, and the one way from it to the domain. It keeps the offset it was given.

import { z } from 'zod';
import type { EventTime } from '../../invitation/smart-invite.ts';

// In each union the usual shape comes first, because they are tried one after the other.

// Some clients write a space for the T, and Cronofy gives back what it was given.
const SpacedTime = z
  .string()
  .transform((text) => text.replace(' ', 'T'))
  .pipe(z.iso.datetime({ offset: true }));

const Time = z.union([z.iso.datetime({ offset: true }), z.iso.date(), SpacedTime]);

export const EventTimeWire = z.union([z.object({ time: Time, tzid: z.string().nullish() }), Time]);

export function decodeTime(wire: z.output<typeof EventTimeWire>, zoneOfEvent?: string | null): EventTime {
  const { time, tzid } = typeof wire === 'string' ? { time: wire, tzid: null } : wire;
  const isDate = !time.includes('T');
  return { dateTime: isDate ? null : time, date: isDate ? time : null, timeZone: tzid ?? zoneOfEvent ?? null };
}
