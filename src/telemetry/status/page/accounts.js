// Each account: its quota with the last hour behind it, who takes it, how calls end, and what waits.

import { clock, count, duration, share } from './format.js';
import { byId, element, made, partOf, setAttribute, setText, showAll, showFigures, showState } from './parts.js';
import { createPlot } from './plots.js';

/** @typedef {import('../report.ts').AccountReport} AccountReport */
/** @typedef {import('../report.ts').WindowReport} WindowReport */

const HISTORY_SHOWN = 4;
const TAKERS_SHOWN = 4;

/** @type {Map<string, { article: HTMLElement, plot: ReturnType<typeof createPlot> }>} */
const shown = new Map();

/** @param {import('../report.ts').StatusReport} report */
export function showAccounts({ at, accounts, accountsBeyond: beyond, together }) {
  const list = byId('account-list');
  const keys = new Set(accounts.map(({ key }) => key));
  for (const [key, { article, plot }] of shown) {
    if (keys.has(key)) continue;
    plot.end();
    article.remove();
    shown.delete(key);
  }
  for (const account of accounts) show(shown.get(account.key) ?? add(list, account), at, account);
  byId('no-accounts').hidden = accounts.length > 0;
  const more = byId('accounts-beyond');
  more.hidden = beyond === 0;
  setText(more, `${count(beyond)} more accounts are in use and better off than these.`);
  showAll(
    byId('together'),
    together,
    () => made('counted'),
    (article, counted) => {
      setText(partOf(article, 'h3'), counted.name);
      setAttribute(article, 'aria-label', counted.name);
      showFigures(partOf(article, '.figures'), [...callsOf(counted), refusedOf(counted)]);
    },
  );
}

/** @param {HTMLElement} list @param {AccountReport} account */
function add(list, { key, name }) {
  const article = made('account');
  const title = `account-${key}`;
  partOf(article, 'h3').id = title;
  article.setAttribute('aria-labelledby', title);
  setText(partOf(article, 'h3'), name);
  list.append(article);
  setAttribute(partOf(article, '.plot'), 'aria-label', `Quota of ${name} in the last hour`);
  const plot = createPlot(
    partOf(article, '.plot'),
    [
      { label: 'used', color: '--accent', fill: '--fill' },
      { label: 'by callers', color: '--callers', dashes: [6, 4] },
    ],
    [0, 100],
  );
  const entry = { article, plot };
  shown.set(key, entry);
  return entry;
}

const CIRCUITS = /** @type {const} */ ({
  CLOSED: ['well', 'Breaker closed: it is called'],
  HALF_OPEN: ['watch', 'Breaker half open: it is tried'],
  OPEN: ['wrong', 'Breaker open: it is not called'],
});

/** @param {{ article: HTMLElement, plot: ReturnType<typeof createPlot> }} entry @param {number} at @param {AccountReport} account */
function show({ article, plot }, at, account) {
  setText(partOf(article, 'h3'), account.name);
  const [state, word] = CIRCUITS[account.circuit];
  showState(partOf(article, '.breaker'), state, word);
  showAll(
    partOf(article, '.gauges'),
    account.windows,
    () => made('gauge'),
    (gauge, window) => showGauge(gauge, account.name, window),
  );
  if (account.hour !== undefined) {
    const { used, callers } = account.hour;
    plot.show(at, [used, callers]);
    const most = used.length === 0 ? 0 : Math.round(Math.max(...used));
    const now = Math.round(used.at(-1) ?? 0);
    const what = account.isCounted ? `${most} % used at most, ${now} % now` : 'not kept';
    setAttribute(partOf(article, '.plot'), 'aria-label', `Quota of ${account.name} in the last hour: ${what}`);
  }
  showFigures(partOf(article, '.figures'), figuresOf(account));
  showTakers(partOf(article, '.takers'), account);
  showHistory(partOf(article, '.history'), account);
}

/** @param {HTMLElement} gauge @param {string} name @param {WindowReport} window */
function showGauge(gauge, name, { limit, used, windowMs }) {
  const bar = partOf(gauge, '.bar');
  setAttribute(bar, 'aria-label', `Quota of ${name} in ${duration(windowMs)}`);
  setAttribute(bar, 'aria-valuemax', String(limit));
  setAttribute(bar, 'aria-valuenow', String(Math.min(used, limit)));
  setAttribute(bar, 'aria-valuetext', `${count(used)} of ${count(limit)} calls used`);
  partOf(gauge, '.fill').style.height = `${Math.min(100, (used / limit) * 100)}%`;
  // A unit is not to stand on a line of its own.
  setText(partOf(gauge, '.value'), `${count(used)} of ${count(limit)} in ${duration(windowMs).replace(' ', '\u00a0')}`);
}

/** @typedef {readonly [string, string]} Figure */

/** @param {AccountReport} account @returns {readonly Figure[]} */
function figuresOf(account) {
  const { bestMs, wanted, due, oldestMs, reads, isCounted, inLine } = account;
  const waits = due === 0 ? 'nothing' : `${count(due)}, the first for ${duration(oldestMs)}`;
  const [noQuota, refused] = refusedOf(account);
  return [
    ...(isCounted ? callsOf(account) : NOT_COUNTED),
    ['Best possible', bestMs === null ? 'nothing is in use' : `${duration(bestMs)} for ${count(wanted)} in use`],
    ['Waits to be read', waits],
    [
      'Reads',
      `${count(reads.made)}; ${count(reads.changed)} found a change, ${count(Math.round(reads.expected))} expected`,
    ],
    [noQuota, `${isCounted ? `${refused}; ` : ''}${count(inLine)} wait`],
  ];
}

/** @type {readonly Figure[]} */
const NOT_COUNTED = [['Calls and answers', 'counted with the others, below']];

/** @param {import('../report.ts').CountedReport} counted @returns {readonly Figure[]} */
function callsOf({ lastMinute, lastHour, callMs, ages }) {
  return [
    ['Last minute', endsOf(lastMinute)],
    ['Last hour', endsOf(lastHour)],
    [
      'A call takes',
      callMs === null ? 'not called of late' : `${duration(callMs.median)} (median), ${duration(callMs.p99)} (p99)`,
    ],
    [
      'Age of answers',
      ages === null ? 'none given of late' : `${duration(ages.meanMs)} (mean), ${duration(ages.p99Ms)} (p99)`,
    ],
  ];
}

/** @param {import('../report.ts').CountedReport} counted @returns {Figure} */
function refusedOf({ refused }) {
  return ['No quota left', `refused ${count(refused.lastMinute)} (minute), ${count(refused.lastHour)} (hour)`];
}

/** @param {import('../report.ts').CallCounts} counts */
function endsOf({ answered, failed, timedOut, throttled, rejected }) {
  const parts = [
    `${count(answered)} answered`,
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    ...(timedOut > 0 ? [`${count(timedOut)} timed out`] : []),
    ...(throttled > 0 ? [`${count(throttled)} throttled`] : []),
    ...(rejected > 0 ? [`${count(rejected)} rejected`] : []),
  ];
  return parts.join(', ');
}

/** @param {HTMLElement} list @param {AccountReport} account */
function showTakers(list, { takers, others }) {
  const used = takers.reduce((sum, { calls }) => sum + calls, others.calls);
  const named = takers.slice(0, TAKERS_SHOWN);
  const rest = takers.slice(TAKERS_SHOWN);
  const more = {
    takers: others.takers + rest.length,
    calls: rest.reduce((sum, { calls }) => sum + calls, others.calls),
  };
  const rows = named.map(({ viewer, calls }) => ({ who: viewer ?? 'background reads', calls }));
  if (more.takers > 0) rows.push({ who: `${count(more.takers)} more`, calls: more.calls });
  if (rows.length === 0) rows.push({ who: 'nobody', calls: 0 });
  showAll(
    list,
    rows,
    () => {
      const item = element('li');
      item.append(element('span', 'who'), element('span', 'number'));
      return item;
    },
    (item, { who, calls }) => {
      setText(partOf(item, '.who'), who);
      setText(partOf(item, '.number'), `${count(calls)} (${share(calls, used)})`);
    },
  );
}

/** @param {HTMLElement} list @param {AccountReport} account */
function showHistory(list, { circuitChanges, isCounted }) {
  const lines = circuitChanges
    .slice(0, HISTORY_SHOWN)
    .map(({ at, circuit, place }) => `${clock(at)} ${WORDS[circuit]}${place === null ? '' : ` (${place})`}`);
  if (lines.length === 0) lines.push(isCounted ? 'closed, no change so far' : 'not kept');
  showAll(list, lines, () => element('li'), setText);
}

const WORDS = { CLOSED: 'closed', HALF_OPEN: 'half open', OPEN: 'open' };
