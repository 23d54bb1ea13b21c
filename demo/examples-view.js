// The list of examples, one column for each label.
import { arrange, clone, find, grow, hueOf, keyed } from './dom.js';
import * as state from './examples.js';
import { count, plural } from './format.js';
import { offerUndo } from './notices.js';

/** @typedef {import('./examples.js').Example} Example */
/** @typedef {import('./examples.js').ExamplesStore} ExamplesStore */

/**
 * Examples of a label that are shown at first. A page of thousands of text fields would be slow, and on a phone a long list
 * hides that there is more on the page.
 */
const SHOWN = matchMedia('(max-width: 40rem)').matches ? 5 : 25;

/** @param {ExamplesStore} examples */
export function mountExamples(examples) {
  const buckets = find(HTMLElement, '.buckets');
  const newLabel = makeNewLabel(examples);
  const bucketsOf = keyed((/** @type {number} */ index) => makeBucket(index, examples));

  examples.subscribe(({ labels }) => {
    const views = bucketsOf([...labels.keys()]);
    for (const view of views) view.show();
    arrange(buckets, [...views.map((view) => view.element), newLabel]);
  });

  find(HTMLButtonElement, '#clear-examples').addEventListener('click', () => {
    change(examples, state.noExamples(), 'All examples are cleared.');
  });
  find(HTMLButtonElement, '#reset-examples').addEventListener('click', () => {
    change(examples, state.sampleExamples(), 'Back to the examples of the start.');
  });
}

/**
 * A change that can be taken back.
 * @param {ExamplesStore} examples
 * @param {import('./examples.js').Examples} next
 * @param {string} message
 */
function change(examples, next, message) {
  const before = examples.value;
  examples.set(next);
  offerUndo(message, () => examples.set(before));
}

/**
 * The column of the label at `index`.
 * @param {number} index
 * @param {ExamplesStore} examples
 */
function makeBucket(index, examples) {
  const element = clone('bucket-template');
  const name = find(HTMLInputElement, '.bucket-name', element);
  const text = find(HTMLInputElement, '.add-text', element);
  const adding = find(HTMLButtonElement, '.add button', element);
  const more = find(HTMLButtonElement, '.more', element);
  const removal = find(HTMLButtonElement, '.remove-label', element);
  const rowsOf = keyed((/** @type {number} */ id) => makeRow(id, examples));
  element.style.setProperty('--hue', String(hueOf(index)));
  let label = '';
  let limit = SHOWN;

  function show() {
    label = examples.value.labels[index];
    const mine = examples.value.items.filter((item) => item.label === label);
    const shown = mine.slice(0, limit);
    const rows = rowsOf(shown.map((item) => item.id));
    rows.forEach((row, position) => row.show(shown[position], examples.value.labels));
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
    adding.setAttribute('aria-label', `Add to ${label}`);
    removal.setAttribute('aria-label', `Remove the label ${label}`);
  }

  name.addEventListener('change', () => {
    const next = name.value.trim();
    name.value = label;
    if (!next || next === label) return;
    const merges = examples.value.labels.includes(next);
    const message = merges ? `“${label}” is part of “${next}” now.` : `“${label}” is called “${next}” now.`;
    change(examples, state.renameLabel(examples.value, label, next), message);
  });
  name.addEventListener('keydown', (event) => leaveOnEnter(event, name, label));

  find(HTMLFormElement, '.add', element).addEventListener('submit', (event) => {
    event.preventDefault();
    const added = text.value.trim();
    text.value = '';
    text.focus();
    if (added) examples.set(state.add(examples.value, [{ text: added, label }]));
  });
  // Several pasted lines are as many examples.
  text.addEventListener('paste', (event) => {
    const pasted = event.clipboardData?.getData('text') ?? '';
    const added = pasted.split(/[\r\n]+/).flatMap((line) => (line.trim() ? [{ text: line.trim(), label }] : []));
    if (added.length < 2) return;
    event.preventDefault();
    change(examples, state.add(examples.value, added), `Added ${plural(added.length, 'example')}.`);
  });

  removal.addEventListener('click', () => {
    change(examples, state.removeLabel(examples.value, label), `Removed “${label}” and its examples.`);
  });

  more.addEventListener('click', () => {
    limit = Infinity;
    show();
  });

  return { element, show };
}

/**
 * One example.
 * @param {number} id
 * @param {ExamplesStore} examples
 */
function makeRow(id, examples) {
  const element = clone('row-template');
  const text = find(HTMLTextAreaElement, '.row-text', element);
  const picker = find(HTMLSelectElement, 'select', element);
  element.dataset.id = String(id);
  /** @type {Example} */
  let example;

  text.addEventListener('input', () => grow(text));
  text.addEventListener('change', () => {
    const next = text.value.trim();
    text.value = example.text;
    if (next) examples.set(state.edit(examples.value, id, { text: next }));
    else removeRow();
  });
  text.addEventListener('keydown', (event) => leaveOnEnter(event, text, example.text));
  picker.addEventListener('change', () => {
    change(examples, state.edit(examples.value, id, { label: picker.value }), `Moved to “${picker.value}”.`);
    find(HTMLSelectElement, `.row[data-id="${id}"] select`).focus();
  });
  find(HTMLButtonElement, '.remove', element).addEventListener('click', removeRow);

  function removeRow() {
    const next = element.nextElementSibling ?? element.previousElementSibling;
    const column = element.closest('.bucket');
    change(examples, state.remove(examples.value, id), `Removed “${example.text}”`);
    const focus = next?.querySelector('.remove') ?? column?.querySelector('.add-text');
    if (focus instanceof HTMLElement) focus.focus();
  }

  return {
    element,
    /**
     * @param {Example} item
     * @param {string[]} labels
     */
    show(item, labels) {
      example = item;
      if (text.value !== item.text) text.value = item.text;
      requestAnimationFrame(() => grow(text)); // it has a width only when it is on the page
      picker.replaceChildren(...labels.map((label) => new Option(label, label, false, label === item.label)));
    },
  };
}

/** @param {ExamplesStore} examples */
function makeNewLabel(examples) {
  const form = clone('new-label-template');
  const name = find(HTMLInputElement, 'input', form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const label = name.value.trim();
    if (!label) return name.focus();
    name.value = '';
    examples.set(state.addLabel(examples.value, label));
    const added = find(HTMLElement, '.buckets').children[examples.value.labels.indexOf(label)];
    find(HTMLInputElement, '.add-text', added).focus();
  });
  return form;
}

/**
 * Enter takes over what was typed, Escape puts back what was there.
 * @param {KeyboardEvent} event
 * @param {HTMLInputElement | HTMLTextAreaElement} field
 * @param {string} before
 */
function leaveOnEnter(event, field, before) {
  if (event.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return;
  event.preventDefault();
  if (event.key === 'Escape') field.value = before;
  field.blur();
}
