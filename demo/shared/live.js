// What is done with a text while it is typed.
import { find } from './dom.js';
import { showProblem } from './problems.js';

/** How long typing has to pause, in milliseconds. */
const PAUSE = 120;

/**
 * Runs again whenever there is something new; a run that is overtaken is aborted, and what it would have shown is dropped.
 * @template T
 * @param {HTMLElement} panel with places for what there is to say (.note), the result (.live) and a problem
 * @param {object} parts
 * @param {(options: { signal: AbortSignal, onWarning: (message: string) => void }) => Promise<T | null> | null} parts.run null: there
 *   is nothing to do, or nothing to show
 * @param {(value: T) => void} parts.show
 * @param {() => string} [parts.obstacle] why there is nothing to do, if the user wants to know
 * @returns {{ now: () => Promise<void>, soon: () => void }} `soon`: when typing pauses
 */
export function createLive(panel, { run, show, obstacle = () => '' }) {
  const note = find(HTMLElement, '.note', panel);
  const result = find(HTMLElement, '.live', panel);
  const problem = find(HTMLElement, '.live + .problem', panel);
  let controller = new AbortController();
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;

  async function now() {
    stop();
    const { signal } = controller;
    let warning = '';
    try {
      const running = run({ signal, onWarning: (message) => (warning = message) });
      result.setAttribute('aria-busy', String(running !== null));
      const value = await running;
      if (signal.aborted) return;
      showProblem(problem, null);
      note.textContent = obstacle() || warning;
      result.hidden = value === null;
      if (value !== null) show(value);
    } catch (error) {
      if (signal.aborted) return;
      showProblem(problem, error);
    }
    result.setAttribute('aria-busy', 'false');
  }

  function stop() {
    clearTimeout(timer);
    controller.abort();
    controller = new AbortController();
  }

  return {
    now,
    soon() {
      stop();
      result.setAttribute('aria-busy', 'true'); // what it shows belongs to another text
      timer = setTimeout(now, PAUSE);
    },
  };
}
