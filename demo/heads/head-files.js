// Saves the classifier, and opens saved heads, by a field or dropped onto the page.
import { find } from '../shared/dom.js';
import { acceptDrops } from '../shared/drops.js';
import { showProblem } from '../shared/problems.js';
import { saveHead } from './save-head.js';

/** @typedef {import('bertlet').Model} Model */
/** @typedef {import('bertlet').TextClassifier} TextClassifier */
/** @typedef {import('./heads.js').AnyHead} AnyHead */

/**
 * @param {import('../shared/store.js').Store<Model | null>} bert
 * @param {import('../shared/store.js').Watched<TextClassifier | null>} head
 * @param {(head: AnyHead, name: string) => void} onOpen called with a head that was opened
 * @param {(file: File) => void} onExamples called with a dropped file that is no head
 */
export function mountFiles(bert, head, onOpen, onExamples) {
  const save = find(HTMLButtonElement, '#save-head');
  const problem = problemBeside(save);

  head.subscribe((present) => (save.disabled = present === null));
  save.addEventListener('click', () => saveHead(head.value, 'classifier.safetensors', problem));

  /**
   * @param {File} file
   * @param {HTMLElement} box for a problem
   */
  async function openHead(file, box) {
    try {
      const opened = await bert.value?.loadHead(file);
      if (opened) onOpen(opened, file.name);
    } catch (error) {
      showProblem(box, error);
    }
  }

  for (const open of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('.open-head'))) {
    bert.subscribe((model) => (open.disabled = model === null));
    open.addEventListener('change', () => {
      const file = open.files?.[0];
      if (file) openHead(file, problemBeside(open));
      open.value = '';
    });
  }

  acceptDrops(async (file) => {
    if (file.name.endsWith('.safetensors')) await openHead(file, problem);
    else onExamples(file);
  });
}

/** @param {HTMLElement} control */
const problemBeside = (control) =>
  find(HTMLElement, '.problem', /** @type {HTMLElement} */ (control.closest('.panel')));
