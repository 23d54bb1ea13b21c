// The dialog that takes many examples at once, pasted or from a file.
import { find } from './dom.js';
import { add, noExamples } from './examples.js';
import { count, plural } from './format.js';
import { offerUndo } from './notices.js';
import { parseLines } from './parse-lines.js';

/**
 * @param {import('./examples.js').ExamplesStore} examples
 * @returns {(text: string) => void} opens the dialog with `text` in it
 */
export function mountPasting(examples) {
  const dialog = find(HTMLDialogElement, 'dialog.paste');
  const text = find(HTMLTextAreaElement, '#paste-text');
  const replace = find(HTMLInputElement, '#paste-replace');
  const file = find(HTMLInputElement, '#paste-file');
  const adding = find(HTMLButtonElement, '#paste-add');

  const preview = () => {
    const { examples: found, unlabelled } = parseLines(text.value);
    adding.disabled = found.length === 0;
    adding.textContent = found.length === 0 ? 'Add' : `Add ${plural(found.length, 'example')}`;
    find(HTMLElement, '#paste-preview').textContent = describe(found, unlabelled);
  };

  text.addEventListener('input', preview);
  file.addEventListener('change', async () => {
    text.value = (await file.files?.[0]?.text()) ?? '';
    file.value = '';
    preview();
  });
  dialog.addEventListener('close', () => {
    if (dialog.returnValue !== 'add') return;
    const before = examples.value;
    const { examples: found } = parseLines(text.value);
    examples.set(add(replace.checked ? noExamples() : before, found));
    offerUndo(`Added ${plural(found.length, 'example')}.`, () => examples.set(before));
  });

  const open = (/** @type {string} */ pasted) => {
    text.value = pasted;
    preview();
    dialog.returnValue = ''; // Escape would leave what it was the last time
    dialog.showModal();
  };
  find(HTMLButtonElement, '#paste-many').addEventListener('click', () => open(''));
  return open;
}

/**
 * "24 examples: delivery 14, payment 10. 2 lines without a label are left out."
 * @param {import('./examples.js').Labelled[]} found
 * @param {string[]} unlabelled
 */
function describe(found, unlabelled) {
  /** @type {Map<string, number>} */
  const perLabel = new Map();
  for (const { label } of found) perLabel.set(label, (perLabel.get(label) ?? 0) + 1);
  const most = [...perLabel].sort((a, b) => b[1] - a[1]);
  const named = most.slice(0, 8).map(([label, number]) => `${label} ${count(number)}`);
  const others = most.length > named.length ? ` and ${plural(most.length - named.length, 'more label')}` : '';
  const sentences = [];
  if (found.length > 0) sentences.push(`${plural(found.length, 'example')}: ${named.join(', ')}${others}.`);
  if (unlabelled.length > 0) sentences.push(`Left out for want of a label: ${plural(unlabelled.length, 'line')}.`);
  return sentences.join(' ');
}
