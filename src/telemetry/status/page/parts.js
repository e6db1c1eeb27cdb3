// Parts of the page, and how they are changed: only where what they say has changed, so that nothing moves, no text that is
// being selected goes, and no screen reader reads it anew.

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no ${id}`);
  return element;
}

/** @param {ParentNode} parent @param {string} selector @returns {HTMLElement} */
export function partOf(parent, selector) {
  const element = parent.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return element;
}

/** @param {string} id Of a template. @returns {HTMLElement} */
export function made(id) {
  const template = byId(id);
  const element = template instanceof HTMLTemplateElement ? template.content.firstElementChild?.cloneNode(true) : null;
  if (!(element instanceof HTMLElement)) throw new Error(`${id} is no template`);
  return element;
}

/** @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {string} name @param {string} value */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * So many children, each shown by what it is of.
 * @template T
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {() => HTMLElement} make
 * @param {(element: HTMLElement, item: T) => void} show
 */
export function showAll(parent, items, make, show) {
  while (parent.children.length > items.length) parent.lastElementChild?.remove();
  while (parent.children.length < items.length) parent.append(make());
  for (const [n, item] of items.entries()) {
    const child = parent.children[n];
    if (child instanceof HTMLElement) show(child, item);
  }
}

/** @param {string} tag @param {string} [className] */
export function element(tag, className) {
  const created = document.createElement(tag);
  if (className !== undefined) created.className = className;
  return created;
}

/** @param {Element} parent A list of names and values. @param {readonly (readonly [string, string])[]} rows */
export function showFigures(parent, rows) {
  const cells = rows.flat();
  while (parent.children.length > cells.length) parent.lastElementChild?.remove();
  while (parent.children.length < cells.length) parent.append(element(parent.children.length % 2 === 0 ? 'dt' : 'dd'));
  for (const [n, text] of cells.entries()) {
    const cell = parent.children[n];
    if (cell !== undefined) setText(cell, text);
  }
}

/**
 * @param {Element} body Of a table. Named are the column whose texts may be long, and those of numbers.
 * @param {readonly (readonly string[])[]} rows
 * @param {{ wide: number, numbers: readonly number[] }} columns
 */
export function showRows(body, rows, { wide, numbers }) {
  showAll(
    body,
    rows,
    () => element('tr'),
    (row, texts) =>
      showAll(
        row,
        texts.map((text, n) => ({ text, isNumber: numbers.includes(n), isWide: n === wide })),
        () => element('td'),
        (cell, { text, isNumber, isWide }) => {
          cell.classList.toggle('number', isNumber);
          cell.classList.toggle('wide', isWide);
          setText(cell, text);
        },
      ),
  );
}

/** The shape and the word of each state: neither needs colours. */
const STATES = {
  well: ['✓', 'Well'],
  watch: ['▲', 'Look at it'],
  wrong: ['■', 'Act on it'],
  unknown: ['○', 'Not known'],
};

/** @param {HTMLElement} parent @param {keyof typeof STATES} state @param {string} [word] */
export function showState(parent, state, word) {
  const [shape = '', usual = ''] = STATES[state];
  setAttribute(parent, 'data-state', state);
  setText(partOf(parent, '.shape'), shape);
  setText(partOf(parent, '.word'), word ?? usual);
}
