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
  const bucketsOf = keyed((/** @type {string} */ key) => makeBucket(Number(key.split(' ')[1]), examples));

  examples.subscribe(({ kind, labels }) => {
    const views = bucketsOf(labels.map((_, index) => `${kind} ${index}`));
    for (const view of views) view.show();
    arrange(buckets, [...views.map((view) => view.element), newLabel]);
  });

  find(HTMLButtonElement, '#clear-examples').addEventListener('click', () => {
    change(examples, state.noExamples(examples.value.kind), 'All examples are cleared.');
  });
  find(HTMLButtonElement, '#reset-examples').addEventListener('click', () => {
    change(examples, state.sampleExamples(examples.value.kind), 'Back to the examples of the start.');
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
    change(examples, state.renameLabel(examples.value, label, next), message);
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
    examples.set(state.add(examples.value, [{ text: first, ...(paired && { textPair: second }), label }]));
  });
  // Several pasted lines are as many examples.
  text.addEventListener('paste', (event) => {
    const pasted = event.clipboardData?.getData('text') ?? '';
    const added = pasted.split(/[\r\n]+/).flatMap((line) => (line.trim() ? [{ text: line.trim(), label }] : []));
    if (added.length < 2 || examples.value.kind === 'pairs') return;
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
 * One example, or one label of a text that may have several.
 * @param {number} id
 * @param {ExamplesStore} examples
 */
function makeRow(id, examples) {
  const element = clone('row-template');
  const text = find(HTMLTextAreaElement, '.row-text', element);
  const pair = find(HTMLTextAreaElement, '.row-pair', element);
  const also = find(HTMLElement, '.also', element);
  const picker = find(HTMLSelectElement, 'select', element);
  element.dataset.id = String(id);
  /** @type {Example} */
  let example;

  editable(text, 'text');
  editable(pair, 'textPair');
  picker.addEventListener('change', () => {
    const { value: label } = picker;
    if (examples.value.kind === 'several') {
      change(examples, state.add(examples.value, [{ ...example, label }]), `Also under “${label}” now.`);
    } else {
      change(examples, state.edit(examples.value, id, { label }), `Moved to “${label}”.`);
    }
    find(HTMLSelectElement, `.row[data-id="${id}"] select`).focus();
  });
  find(HTMLButtonElement, '.remove', element).addEventListener('click', removeRow);

  /**
   * @param {HTMLTextAreaElement} field
   * @param {'text' | 'textPair'} name
   */
  function editable(field, name) {
    field.addEventListener('input', () => grow(field));
    field.addEventListener('change', () => {
      const next = field.value.trim();
      field.value = example[name] ?? '';
      if (next) examples.set(state.edit(examples.value, id, { [name]: next }));
      else removeRow();
    });
    field.addEventListener('keydown', (event) => leaveOnEnter(event, field, example[name] ?? ''));
  }

  function removeRow() {
    const next = element.nextElementSibling ?? element.previousElementSibling;
    const column = element.closest('.bucket');
    const from = examples.value.kind === 'several' ? ` from “${example.label}”` : '';
    change(examples, state.remove(examples.value, id), `Removed${from}: “${example.text}”`);
    const focus = next?.querySelector('.remove') ?? column?.querySelector('.add-text');
    if (focus instanceof HTMLElement) focus.focus();
  }

  return {
    element,
    /**
     * @param {Example} item
     * @param {import('./examples.js').Examples} all
     * @param {string[]} others labels that the text has, too
     */
    show(item, { kind, labels }, others) {
      example = item;
      const { text: first, textPair: second = '' } = item;
      if (text.value !== first) text.value = first;
      if (pair.value !== second) pair.value = second;
      requestAnimationFrame(() => [text, pair].forEach(grow)); // they have a width only when they are on the page
      const several = kind === 'several';
      also.textContent = others.length > 0 ? `also ${new Intl.ListFormat('en').format(others)}` : '';
      const free = several ? labels.filter((label) => label !== item.label && !others.includes(label)) : labels;
      picker.replaceChildren(...free.map((label) => new Option(label, label, false, label === item.label)));
      if (several) picker.value = ''; // so that any of them is a change
      picker.disabled = free.length === 0;
      const purpose = several ? 'Also under another label' : 'Move to another label';
      picker.title = purpose;
      picker.setAttribute('aria-label', several ? purpose : 'Label');
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
