// "Teach it your own": a head for a tab's task, trained on the page's model with examples that are written in a text field.
import { broughtHead } from '../heads/heads.js';
import { saveHead } from '../heads/save-head.js';
import { clone, find } from '../shared/dom.js';
import { duration, plural } from '../shared/format.js';
import { showProblem } from '../shared/problems.js';
import { paragraph } from '../shared/report.js';
import { keep, recall } from '../shared/storage.js';
import { offerUndo } from '../shared/undo.js';

/** @typedef {import('../heads/heads.js').Own} Own */

/** @typedef {{ line: number, message: string }} Fault line: counted from 1 */

/**
 * What was understood of the text field.
 * @typedef {object} Understood
 * @property {any[]} examples
 * @property {string} summary of them, as a sentence
 * @property {Fault} [fault] the first line that is not understood
 */

/**
 * @typedef {object} Subject
 * @property {string} name of the tab
 * @property {Exclude<import('../heads/heads.js').Method, 'classify'>} method of the head
 * @property {string} sample what is in the text field at first
 * @property {(text: string) => Understood} read
 * @property {(example: any) => boolean} marked whether there is something to find in an example
 * @property {string} file name of a saved head
 * @property {(info: import('bertlet').ModelInfo, examples: number) => import('bertlet').FitOptions} options of
 *   `fit`
 * @property {(measured: any[]) => HTMLElement} judge says how good heads were on what was hidden from them
 */

/** @typedef {{ own: Own, from: string, report: HTMLElement[] }} Taught `from`: the text that it has learned from */

/** Rounds of a cross-validation, in each of which another part of the examples is hidden. */
const ROUNDS = 4;

/**
 * @param {import('../heads/heads.js').Page} page
 * @param {Subject} subject
 * @returns {(write: (words: string) => string, as: string) => void} marks the words that are selected in the text field
 */
export function mountTeaching({ bert, owns, place }, subject) {
  const { name, method, sample, read, options, judge } = subject;
  const key = `bertlet:taught-${name}`;
  const section = find(HTMLElement, `#panel-${name} .teaching`);
  const panel = clone('teaching-template');
  const text = find(HTMLTextAreaElement, 'textarea', section);
  const summary = find(HTMLElement, '.understood', section);
  const button = find(HTMLButtonElement, '.train', panel);
  const note = find(HTMLElement, '.teaching-note', panel);
  const work = find(HTMLElement, '.working', panel);
  const progress = find(HTMLProgressElement, 'progress', panel);
  const phase = find(HTMLElement, '.phase', panel);
  const result = find(HTMLElement, '.result', panel);
  const problem = find(HTMLElement, '.problem', panel);
  const save = find(HTMLButtonElement, '.save', panel);
  const back = find(HTMLButtonElement, '.back', panel);
  let understood = read('');
  /** @type {AbortController | null} */
  let running = null;
  /** @type {Taught | null} what is there, if it was trained here */
  let taught = null;

  function refresh() {
    const own = owns[method].value;
    if (taught && taught.own !== own) {
      taught = null; // another head has taken its place
      result.replaceChildren();
    }
    const brought = broughtHead({ bert, place }, method);
    const obstacle = whyNot();
    button.disabled = !running && obstacle !== '';
    button.textContent = running ? 'Stop' : taught ? 'Train again' : 'Train';
    const outdated = taught !== null && taught.from !== text.value;
    button.classList.toggle('calm', taught !== null && !outdated);
    work.hidden = !running;
    result.hidden = running !== null;
    note.textContent = running ? '' : obstacle || (outdated ? 'The examples have changed since it learned.' : '');
    save.disabled = !taught;
    back.hidden = !own || own.head === brought?.head;
    back.textContent = brought ? 'Back to the model’s own' : 'Back to the adapter';
  }

  function whyNot() {
    if (!bert.value) return 'As soon as the model is loaded.';
    if (understood.fault) return 'As soon as every line is understood.';
    if (!understood.examples.some(subject.marked)) return 'It needs examples in which something is marked.';
    return '';
  }

  function change() {
    keep(key, text.value);
    understood = read(text.value);
    const { fault } = understood;
    summary.textContent = fault ? `Line ${fault.line}: ${fault.message}.` : understood.summary;
    summary.classList.toggle('faulty', fault !== undefined);
    refresh();
  }

  async function train() {
    const model = bert.value;
    if (!model) return;
    const { examples } = understood;
    const from = text.value;
    const { signal } = (running = new AbortController());
    const started = performance.now();
    /** @type {string[]} */
    const warnings = [];
    /** @type {(some: any[], doing: string, onWarning: (message: string) => void) => Promise<any>} */
    const fit = (some, doing, onWarning) => {
      phase.textContent = doing;
      return model.fit(some, {
        .../** @type {any} */ (options(model.info, some.length)),
        signal,
        onProgress: ({ loaded, total }) => (progress.value = loaded / total),
        onWarning,
      });
    };
    showProblem(problem, null);
    progress.removeAttribute('value');
    refresh();
    try {
      const measured = [];
      for (const [round, { rest, hidden }] of split(examples, subject.marked).entries()) {
        const head = await fit(rest, `Learning with a part hidden, ${round + 1} of ${ROUNDS}`, () => {});
        measured.push(await head.evaluate(hidden, { signal, onWarning() {} }));
      }
      const head = await fit(examples, 'Learning from all', (message) => warnings.push(message));
      const own = { head, origin: 'This is what you taught it below.' };
      const lines = [
        `Learned from ${plural(examples.length, 'example')}, in ${duration(performance.now() - started)}.`,
        ...(measured.length > 0 ? [] : ['To test it on a part that is hidden from it, there are too few.']),
        ...warnings,
      ];
      const score = measured.length > 0 ? [judge(measured)] : [];
      use(own, { own, from, report: [...score, ...lines.map(paragraph)] });
    } catch (error) {
      showProblem(problem, error);
    }
    running = null;
    refresh();
  }

  /**
   * @param {Own | null} own
   * @param {Taught | null} here
   */
  function use(own, here) {
    taught = here;
    result.replaceChildren(...(here?.report ?? []));
    owns[method].set(own);
    refresh();
  }

  button.addEventListener('click', () => {
    if (running) running.abort();
    else train();
  });
  save.addEventListener('click', () => saveHead(taught?.own.head ?? null, subject.file, problem));
  back.addEventListener('click', () => {
    const before = /** @type {const} */ ([owns[method].value, taught]);
    const model = bert.value;
    use(broughtHead({ bert, place }, method), null);
    offerUndo('What was taught or opened is put away.', () => bert.value === model && use(...before));
  });
  find(HTMLButtonElement, '.reset', panel).addEventListener('click', () => {
    replace(sample, 'Back to the examples of the start.');
  });
  text.addEventListener('input', change);
  bert.subscribe(() => {
    running?.abort();
    refresh();
  });
  owns[method].subscribe(refresh);

  /**
   * Puts another text into the field, which can be taken back.
   * @param {string} next
   * @param {string} message
   */
  function replace(next, message) {
    const before = text.value;
    const put = (/** @type {string} */ value) => {
      text.value = value;
      change();
    };
    put(next);
    offerUndo(message, () => put(before));
  }

  /**
   * Marks what is selected in the field.
   * @param {(words: string) => string} write
   * @param {string} as
   */
  function mark(write, as) {
    const { selectionStart, selectionEnd, value } = text;
    const selected = value.slice(selectionStart, selectionEnd);
    const words = selected.trim();
    text.focus();
    if (!words || /[[\]\n]/.test(words)) return void (summary.textContent = 'First select the words, in the text.');
    const start = selectionStart + selected.indexOf(words);
    const marked = write(words);
    replace(value.slice(0, start) + marked + value.slice(start + words.length), `Marked “${words}” as ${as}.`);
    text.setSelectionRange(start + marked.length, start + marked.length);
  }

  section.append(panel);
  text.value = recall(key) ?? sample;
  change();
  return mark;
}

/**
 * The examples in parts, each of which is hidden in turn; none if there are too few.
 * @param {any[]} examples
 * @param {(example: any) => boolean} marked
 * @returns {{ rest: any[], hidden: any[] }[]}
 */
function split(examples, marked) {
  const sorted = [...examples.filter(marked), ...examples.filter((example) => !marked(example))];
  if (examples.filter(marked).length < 2 * ROUNDS) return [];
  return Array.from({ length: ROUNDS }, (_, round) => ({
    rest: sorted.filter((_, i) => i % ROUNDS !== round),
    hidden: sorted.filter((_, i) => i % ROUNDS === round),
  }));
}
