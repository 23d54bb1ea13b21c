// The dialog that takes many examples at once, pasted or from a file.
import { find } from '../shared/dom.js';
import { count, plural } from '../shared/format.js';
import { offerUndo } from '../shared/undo.js';
import { add, countOf, noExamples } from './examples.js';
import { kinds } from './kinds.js';
import { textOf } from './file-text.js';
import { parseExamples } from './parse-lines.js';

/**
 * @param {import('./types.js').ExamplesStore} examples
 * @returns {(file?: File) => Promise<void>} opens the dialog, with a file's text in it
 */
export function mountPasting(examples) {
  const dialog = find(HTMLDialogElement, 'dialog.paste');
  const text = find(HTMLTextAreaElement, '#paste-text');
  const replace = find(HTMLInputElement, '#paste-replace');
  const file = find(HTMLInputElement, '#paste-file');
  const adding = find(HTMLButtonElement, '#paste-add');

  let fault = ''; // what is wrong with the file that was chosen

  const read = () => {
    const { kind } = examples.value;
    const { examples: found, ...left } = parseExamples(text.value, kind);
    return { found, ...left, number: plural(countOf(kind, found), 'example') };
  };
  const preview = () => {
    const { found, unlabelled, unclosed, problem = fault, number } = read();
    adding.disabled = found.length === 0;
    adding.textContent = found.length === 0 ? 'Add' : `Add ${number}`;
    const want = examples.value.kind === 'pairs' ? 'two texts and a label' : 'a label';
    find(HTMLElement, '#paste-preview').textContent = [
      ...(found.length > 0 ? [`${number}: ${perLabel(found)}.`] : []),
      ...(unlabelled.length > 0 ? [`Left out for want of ${want}: ${plural(unlabelled.length, 'line')}.`] : []),
      ...(unclosed.length > 0 ? [describeUnclosed(unclosed)] : []),
      ...(isColumnOfTexts(found)
        ? ['Nearly every example has a label of its own: is the label where it should be?']
        : []),
      ...(problem ? [problem] : []),
    ].join(' ');
  };

  text.addEventListener('input', () => {
    fault = '';
    preview();
  });
  const show = async (/** @type {File | undefined} */ given) => {
    const { text: content, problem = '' } = given ? await textOf(given) : { text: '' };
    text.value = content;
    fault = problem;
    preview();
  };
  file.addEventListener('change', async () => {
    await show(file.files?.[0]);
    file.value = '';
  });
  dialog.addEventListener('close', () => {
    if (dialog.returnValue !== 'add') return;
    const before = examples.value;
    const { found, number } = read();
    examples.set(add(replace.checked ? noExamples(before.kind) : before, found));
    offerUndo(`Added ${number}.`, () => examples.set(before));
  });

  const open = async (/** @type {File | undefined} */ given = undefined) => {
    text.placeholder = kinds[examples.value.kind].pasted;
    await show(given);
    dialog.returnValue = ''; // Escape would leave what it was the last time
    dialog.showModal();
  };
  find(HTMLButtonElement, '#paste-many').addEventListener('click', () => open());
  return open;
}

/** @param {number[]} lines @returns {string} a sentence */
function describeUnclosed([first, ...others]) {
  const more = others.length > 0 ? ` and in ${plural(others.length, 'other line')}` : '';
  return `A quote (") that opens in line ${count(first)}${more} is never closed, and is read as a part of the text.`;
}

/**
 * "delivery 14, payment 10"
 * @param {import('./types.js').Labelled[]} found
 */
function perLabel(found) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { label } of found) counts.set(label, (counts.get(label) ?? 0) + 1);
  const most = [...counts].sort((a, b) => b[1] - a[1]);
  const named = most.slice(0, 8).map(([label, number]) => `${label} ${count(number)}`);
  const others = most.length > named.length ? ` and ${plural(most.length - named.length, 'more label')}` : '';
  return `${named.join(', ')}${others}`;
}

/**
 * Whether what was taken for labels looks like texts: there are nearly as many as examples.
 * @param {import('./types.js').Labelled[]} found
 */
const isColumnOfTexts = (found) =>
  found.length >= 8 && new Set(found.map(({ label }) => label)).size > 0.8 * found.length;
