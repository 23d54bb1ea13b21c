// The column of a label: its name, its examples, and a field for another one.
import { arrange, clone, find, keyed } from '../shared/dom.js';
import { leaveOnEnter } from '../shared/fields.js';
import { count, plural } from '../shared/format.js';
import { hueOf } from '../shared/hues.js';
import { change } from './change.js';
import { add, removeLabel, renameLabel } from './examples.js';
import { makeRow } from './row-view.js';

/**
 * Examples of a label that are shown at first. A page of thousands of text fields would be slow, and on a phone a long list
 * hides that there is more on the page.
 */
const SHOWN = matchMedia('(max-width: 40rem)').matches ? 5 : 25;

/**
 * The column of the label at `index`.
 * @param {number} index
 * @param {import('./types.js').ExamplesStore} examples
 */
export function makeBucket(index, examples) {
  const element = clone('bucket-template');
  const name = find(HTMLInputElement, '.bucket-name', element);
  const text = find(HTMLInputElement, '.add-text', element);
  const pair = find(HTMLInputElement, '.add-pair', element);
  const adding = find(HTMLButtonElement, '.add button', element);
  const more = find(HTMLButtonElement, '.more', element);
  const removal = find(HTMLButtonElement, '.remove-label', element);
  const rowsOf = keyed((/** @type {number} */ id) => makeRow(id, examples));
  element.style.setProperty('--hue', String(hueOf(index)));
  let label = '';
  let limit = SHOWN;

  function show() {
    const { kind, labels, items } = examples.value;
    label = labels[index];
    const mine = items.filter((item) => item.label === label);
    const shown = mine.slice(0, limit);
    const rows = rowsOf(shown.map((item) => item.id));
    const others = kind === 'several' ? items.filter((item) => item.label !== label) : [];
    rows.forEach((row, position) => {
      const item = shown[position];
      const also = others.filter(({ text: other }) => other === item.text).map((other) => other.label);
      row.show(item, examples.value, also);
    });
    arrange(
      find(HTMLElement, '.rows', element),
      rows.map((row) => row.element),
    );
    find(HTMLElement, '.count', element).textContent = count(mine.length);
    more.hidden = mine.length <= limit;
    more.textContent = `Show all ${count(mine.length)}`;
    name.value = label;
    text.placeholder = `Add to ${label}`;
    element.setAttribute('aria-label', `Examples of ${label}`);
    text.setAttribute('aria-label', `New example of ${label}`);
    pair.setAttribute('aria-label', `Second text of the new example of ${label}`);
    adding.setAttribute('aria-label', `Add to ${label}`);
    removal.setAttribute('aria-label', `Remove the label ${label}`);
  }

  name.addEventListener('change', () => {
    const next = name.value.trim();
    name.value = label;
    if (!next || next === label) return;
    const merges = examples.value.labels.includes(next);
    const message = merges ? `“${label}” is part of “${next}” now.` : `“${label}” is called “${next}” now.`;
    change(examples, renameLabel(examples.value, label, next), message);
  });
  name.addEventListener('keydown', (event) => leaveOnEnter(event, name, label));

  find(HTMLFormElement, '.add', element).addEventListener('submit', (event) => {
    event.preventDefault();
    const paired = examples.value.kind === 'pairs';
    const [first, second] = [text.value.trim(), pair.value.trim()];
    if (paired && first && !second) return pair.focus();
    text.value = pair.value = '';
    text.focus();
    if (!first) return;
    examples.set(add(examples.value, [{ text: first, ...(paired && { textPair: second }), label }]));
  });
  // Several pasted lines are as many examples.
  text.addEventListener('paste', (event) => {
    const pasted = event.clipboardData?.getData('text') ?? '';
    const added = pasted.split(/[\r\n]+/).flatMap((line) => (line.trim() ? [{ text: line.trim(), label }] : []));
    if (added.length < 2 || examples.value.kind === 'pairs') return;
    event.preventDefault();
    change(examples, add(examples.value, added), `Added ${plural(added.length, 'example')}.`);
  });

  removal.addEventListener('click', () => {
    change(examples, removeLabel(examples.value, label), `Removed “${label}” and its examples.`);
  });

  more.addEventListener('click', () => {
    limit = Infinity;
    show();
  });

  return { element, show };
}
