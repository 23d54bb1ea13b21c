// What was done, with a button that takes it back.
import { find } from './dom.js';

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

export function mountUndo() {
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
