// What concerns no account: problems, operations, streams, notifications, Redis and the process.

import { clock, count, duration, megabytes } from './format.js';
import { byId, element, setAttribute, setText, showFigures, showRows } from './parts.js';
import { createPlot } from './plots.js';

/** @typedef {import('../report.ts').StatusReport} StatusReport */

/** @param {StatusReport} report */
export function showRest({ at, problems, operations, streams, notifications, redis, keys, process, hour }) {
  showRows(
    byId('problems'),
    problems.map(({ at: metAt, code, provider, count: times }) => [clock(metAt), code, provider ?? '–', count(times)]),
    { wide: 1, numbers: [3] },
  );
  byId('no-problems').hidden = problems.length > 0;
  showRows(
    byId('operations'),
    operations.slowest.map(({ name, document, kind, count: times, meanMs, p99Ms }) => [
      name ?? `document ${document}`,
      kind,
      count(times),
      duration(meanMs),
      duration(p99Ms),
    ]),
    { wide: 0, numbers: [2, 3, 4] },
  );
  byId('no-operations').hidden = operations.slowest.length > 0;
  showFigures(byId('live'), [
    ['Operations', `${count(operations.lastMinute)} in the last minute`],
    ['Streams', `${count(streams.open)} open, of ${count(streams.most)} at most`],
    ['Events', `${count(streams.events)} in the last minute`],
    ['Notifications', notificationsOf(notifications)],
  ]);
  showFigures(byId('redis'), redisOf(redis, at));
  showFigures(byId('process'), [
    [
      'Late by',
      `${duration(process.loopDelayMs.p99)} (p99), ${duration(process.loopDelayMs.max)} (most) in ten seconds`,
    ],
    [
      'Memory',
      `${megabytes(process.rssBytes)}, heap ${megabytes(process.heapBytes)} of ${megabytes(process.heapLimitBytes)}`,
    ],
    ...(keys === null ? [] : [keysOf(keys)]),
    ['Up for', duration(process.uptimeMs)],
    ['Version', `${process.version}, Node ${process.node}`],
  ]);
  setText(byId('about'), `${process.isDraining ? 'It stops: callers are sent elsewhere. ' : ''}As of ${clock(at)}`);
  if (hour !== undefined) {
    showPlot('Late by, in ms', at, hour.loopDelayMs);
    showPlot('Operations in ten seconds', at, hour.operations);
    showPlot('Heap, in MB', at, hour.heapMegabytes);
  }
}

/** @param {StatusReport['notifications']} counts Of the last hour. */
function notificationsOf(counts) {
  const some = Object.entries(counts).filter(([, times]) => times > 0);
  return some.length === 0
    ? 'none in the last hour'
    : `${some.map(([outcome, times]) => `${count(times)} ${outcome}`).join(', ')} in the last hour`;
}

/** @param {StatusReport['redis']} redis @param {number} at @returns {readonly (readonly [string, string])[]} */
function redisOf(redis, at) {
  if (redis === null) return [['State', 'not used: this process is alone']];
  const { isUp, since, reason, commandMs, lost } = redis;
  return [
    ['State', isUp ? '✓ Can be used' : `■ Cannot be used${reason === null ? '' : ` (${reason})`}`],
    ['For', duration(at - since)],
    [
      'A command takes',
      commandMs === null ? 'none of late' : `${duration(commandMs.median)} (median), ${duration(commandMs.p99)} (p99)`,
    ],
    ['Lost', `${count(lost)} in the last hour`],
  ];
}

/** @param {NonNullable<StatusReport['keys']>} keys @returns {readonly [string, string]} */
function keysOf({ sets, failing, oldestMs }) {
  const which = sets === 1 ? '' : `${count(sets)} sets, the oldest `;
  const age = oldestMs === null ? 'never fetched' : `fetched ${duration(oldestMs)} ago`;
  const trouble = failing === 0 ? '' : `; ■ ${sets === 1 ? '' : `${count(failing)} `}cannot be fetched now`;
  return ['Keys of tokens', `${which}${age}${trouble}`];
}

/** @type {Map<string, { plot: ReturnType<typeof createPlot>, drawn: HTMLElement }>} */
const plots = new Map();

/** @param {string} title @param {number} at @param {readonly number[]} values */
function showPlot(title, at, values) {
  let entry = plots.get(title);
  if (entry === undefined) {
    const figure = element('figure', 'hour');
    const drawn = element('div', 'plot');
    drawn.setAttribute('role', 'img');
    const caption = element('figcaption');
    setText(caption, title);
    figure.append(drawn, caption);
    byId('process-plots').append(figure);
    entry = { plot: createPlot(drawn, [{ label: title, color: '--accent', fill: '--fill' }], null), drawn };
    plots.set(title, entry);
  }
  entry.plot.show(at, [values]);
  const most = count(Math.round(Math.max(0, ...values)));
  setAttribute(
    entry.drawn,
    'aria-label',
    `${title}, in the last hour: ${most} at most, ${count(Math.round(values.at(-1) ?? 0))} now`,
  );
}
