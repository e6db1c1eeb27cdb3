// The events of the gateway, and whether they come. A connection that is lost is made again for as long as the page is open;
// one that stands and brings nothing counts as lost, too.

import { clock } from './format.js';
import { byId, setAttribute, setText } from './parts.js';

/** An event comes each second. */
const SILENT_MS = 5_000;
const RETRY_MS = 2_000;

/** @param {(report: import('../report.ts').StatusReport) => void} onReport */
export function connect(onReport) {
  const shown = byId('connection');
  /** @type {EventSource | undefined} */
  let source;
  /** @type {number | undefined} */
  let timer;
  /** When the last event came; undefined where none has yet. @type {number | undefined} */
  let heardAt;

  function open() {
    source?.close();
    source = new EventSource('/status/events');
    source.addEventListener('report', ({ data }) => {
      heardAt = Date.now();
      wait(SILENT_MS);
      show('live', 'Live');
      onReport(JSON.parse(data));
    });
    source.onerror = () => lose();
    wait(SILENT_MS);
  }

  function lose() {
    source?.close();
    show(
      'lost',
      heardAt === undefined
        ? 'Not connected: the gateway does not answer. Trying again.'
        : `Disconnected since ${clock(heardAt)}: what is shown is as of then. Trying again.`,
    );
    clearTimeout(timer);
    timer = setTimeout(open, RETRY_MS);
  }

  /** @param {number} ms */
  function wait(ms) {
    clearTimeout(timer);
    timer = setTimeout(lose, ms);
  }

  /** @param {'live' | 'lost'} state @param {string} text */
  function show(state, text) {
    document.body.classList.toggle('lost', state === 'lost');
    setAttribute(shown, 'data-state', state);
    setText(shown, text);
  }

  open();
}
