// The ICS text of an imitated Smart Invite: enough of RFC 5545 for a calendar to take it.

import type { SmartInviteWire } from '../providers/cronofy/wire.ts';

export function icalendarOf(invite: SmartInviteWire, method: string): string {
  const { summary, description, start, end, location } = invite.event;
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Invitation gateway//Sandbox//EN',
    `METHOD:${method.toUpperCase()}`,
    'BEGIN:VEVENT',
    `UID:${escapeText(invite.smart_invite_id ?? '')}@sandbox.invalid`,
    `SUMMARY:${escapeText(summary ?? '')}`,
    `DESCRIPTION:${escapeText(description ?? '')}`,
    `DTSTART${stampOf(start)}`,
    `DTEND${stampOf(end)}`,
    `LOCATION:${escapeText(location?.description ?? '')}`,
    `STATUS:${method === 'cancel' ? 'CANCELLED' : 'CONFIRMED'}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function stampOf(time: SmartInviteWire['event']['start']): string {
  const text = typeof time === 'string' ? time : time.time;
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return `;VALUE=DATE:${text.replaceAll('-', '')}`;
  return `:${new Date(text).toISOString().replace(/[-:]|\.\d+/g, '')}`;
}

function escapeText(text: string): string {
  return text.replace(/[\\;,]/g, '\\$&').replaceAll('\n', '\\n');
}
