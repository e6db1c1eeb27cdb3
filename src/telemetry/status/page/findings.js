// The five questions and their answers. A change of a state is also said to those who do not see the page.

import { byId, element, made, partOf, setText, showAll, showState } from './parts.js';

/** @typedef {import('../report.ts').Finding} Finding */

/** @type {Map<string, string>} */
const states = new Map();

/** @param {readonly Finding[]} findings */
export function showFindings(findings) {
  showAll(byId('findings'), findings, () => made('finding'), show);
  const changed = findings.filter(({ id, state }) => states.has(id) && states.get(id) !== state);
  for (const { id, state } of findings) states.set(id, state);
  if (changed.length > 0) {
    setText(byId('changes'), changed.map(({ question, answer }) => `${question} ${answer}`).join(' '));
  }
}

/** @param {HTMLElement} article @param {Finding} finding */
function show(article, { id, question, state, answer, details }) {
  const title = `finding-${id}`;
  article.dataset.state = state;
  article.setAttribute('aria-labelledby', title);
  const heading = partOf(article, 'h3');
  heading.id = title;
  setText(heading, question);
  showState(partOf(article, '.state'), state);
  setText(partOf(article, '.answer'), answer);
  const why = partOf(article, 'details');
  why.style.visibility = details.length === 0 ? 'hidden' : 'visible';
  showAll(partOf(why, 'ul'), details, () => element('li'), setText);
}
