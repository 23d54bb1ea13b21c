// What the page says when something went wrong, and when something can be taken back.
import { find } from './dom.js';

/** How a problem starts; what went wrong and what to do about it is the error's own message. */
const TITLES = new Map([
  ['NETWORK', 'The model can’t be reached.'],
  ['FILE_NOT_FOUND', 'The model was not found.'],
  ['NOT_A_MODEL', 'There is no model there.'],
  ['TRUNCATED_FILE', 'The download ended too early.'],
  ['UNSUPPORTED_MODEL', 'That kind of model is not supported.'],
  ['OUT_OF_MEMORY', 'There is not enough memory.'],
  ['NO_WASM', 'This browser can’t run the model.'],
  ['NO_EXAMPLES', 'There is nothing to learn from yet.'],
  ['ONE_CLASS', 'One label is not enough.'],
  ['BAD_ADAPTER', 'The adapter can’t be used.'],
  ['BAD_HEAD', 'That file is not a saved classifier.'],
  ['HEAD_MODEL_MISMATCH', 'That classifier belongs to another model.'],
]);

/**
 * Shows `error` in `box`, or clears it for `null`. An error that only says "cancelled" is not a problem.
 * @param {HTMLElement} box
 * @param {any} error
 */
export function showProblem(box, error) {
  box.hidden = !error || error.name === 'AbortError';
  if (box.hidden) return box.replaceChildren();
  const title = document.createElement('strong');
  title.textContent = TITLES.get(error.code) ?? 'That did not work.';
  box.replaceChildren(title, ` ${error.message}`);
}

/** How long a notice stays, in milliseconds; while it has the pointer or the focus it stays on. */
const STAY = 8000;

/** @type {(() => void) | undefined} */
let takeBack;
/** @type {ReturnType<typeof setTimeout>} */
let timer;

const toast = () => find(HTMLElement, '.toast');

function hideLater() {
  clearTimeout(timer);
  timer = setTimeout(() => (toast().hidden = true), STAY);
}

export function mountNotices() {
  const box = toast();
  const undo = () => {
    box.hidden = true;
    takeBack?.();
    takeBack = undefined;
  };
  find(HTMLButtonElement, 'button', box).addEventListener('click', undo);
  document.addEventListener('keydown', (event) => {
    const typing = event.target instanceof Element && event.target.matches('input, textarea');
    if (event.key === 'z' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !typing) undo();
  });
  for (const event of ['pointerenter', 'focusin']) box.addEventListener(event, () => clearTimeout(timer));
  for (const event of ['pointerleave', 'focusout']) box.addEventListener(event, hideLater);
}

/**
 * @param {string} message
 * @param {() => void} undo
 */
export function offerUndo(message, undo) {
  takeBack = undo;
  find(HTMLParagraphElement, 'p', toast()).textContent = message;
  toast().hidden = false;
  hideLater();
}
