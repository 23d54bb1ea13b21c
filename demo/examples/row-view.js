// One example in the list.
import { clone, find } from '../shared/dom.js';
import { grow, leaveOnEnter } from '../shared/fields.js';
import { change } from './change.js';
import { add, edit, remove } from './examples.js';

/** @typedef {import('./types.js').Example} Example */

/**
 * One example, or one label of a text that may have several.
 * @param {number} id
 * @param {import('./types.js').ExamplesStore} examples
 */
export function makeRow(id, examples) {
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
      change(examples, add(examples.value, [{ ...example, label }]), `Also under “${label}” now.`);
    } else {
      change(examples, edit(examples.value, id, { label }), `Moved to “${label}”.`);
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
      if (next) examples.set(edit(examples.value, id, { [name]: next }));
      else removeRow();
    });
    field.addEventListener('keydown', (event) => leaveOnEnter(event, field, example[name] ?? ''));
  }

  function removeRow() {
    const next = element.nextElementSibling ?? element.previousElementSibling;
    const column = element.closest('.bucket');
    const from = examples.value.kind === 'several' ? ` from “${example.label}”` : '';
    change(examples, remove(examples.value, id), `Removed${from}: “${example.text}”`);
    const focus = next?.querySelector('.remove') ?? column?.querySelector('.add-text');
    if (focus instanceof HTMLElement) focus.focus();
  }

  return {
    element,
    /**
     * @param {Example} item
     * @param {import('./types.js').Examples} all
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
