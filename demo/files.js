// Heads to files and back, and what is dropped onto the page.
import { find } from './dom.js';
import { showProblem } from './notices.js';

/** @typedef {import('../dist/bertlet.js').Model} Model */
/** @typedef {import('../dist/bertlet.js').TextClassifier} TextClassifier */
/** @typedef {import('./task-head.js').AnyHead} AnyHead */

/**
 * @param {import('./store.js').Store<Model | null>} bert
 * @param {import('./store.js').Watched<TextClassifier | null>} head
 * @param {(head: AnyHead, name: string) => void} onOpen called with a head that was opened
 * @param {(text: string) => void} onExamples called with the text of a dropped file that is no head
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
    else onExamples(await file.text());
  });
}

/** @param {HTMLElement} control */
const problemBeside = (control) =>
  find(HTMLElement, '.problem', /** @type {HTMLElement} */ (control.closest('.panel')));

/**
 * @param {AnyHead | null} head
 * @param {string} name of the file
 * @param {HTMLElement} problem
 */
export async function saveHead(head, name, problem) {
  try {
    const bytes = await head?.save();
    if (bytes) download(bytes, name);
  } catch (error) {
    showProblem(problem, error);
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {string} name
 */
function download(bytes, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** @param {(file: File) => void} accept */
function acceptDrops(accept) {
  const hasFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files') ?? false;
  const shade = (/** @type {boolean} */ on) => document.body.classList.toggle('dropping', on);
  addEventListener('dragover', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    shade(true);
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) shade(false); // the pointer has left the window
  });
  addEventListener('drop', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    shade(false);
    const file = event.dataTransfer?.files[0];
    if (file) accept(file);
  });
}
