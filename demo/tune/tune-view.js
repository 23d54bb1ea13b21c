// "Fine-tune": the model itself learns, live; it can be paused, also over a reload of the page.
import { countOf } from '../examples/examples.js';
import { find } from '../shared/dom.js';
import { count, duration, percent, plural } from '../shared/format.js';
import { keptRun } from '../shared/kept-run.js';
import { showProblem } from '../shared/problems.js';
import { paragraph, score, spreadOf } from '../shared/report.js';
import { mountCompare } from '../shared/compare.js';
import { createStore } from '../shared/store.js';
import { offerUndo } from '../shared/undo.js';

import { mountCourse } from './course-view.js';
import { heldOutOf, labelsOf, newCourse, tune } from './course.js';
import { examplesOf, toTry } from './sets.js';
import { mountTakeHome } from './take-home.js';

/** @typedef {import('bertlet').Model} Model */
/** @typedef {import('./course.js').Course} Course */
/** @typedef {import('./course.js').Heads} Heads */
/** What a training can go on from. @typedef {{ course: Course, checkpoint: Uint8Array }} Run */

/** @type {ReturnType<typeof keptRun<Run>>} */
const kept = keptRun('paused');

/** Examples below which tuning rarely pays. */
const FEW = 200;

/**
 * @param {import('../heads/heads.js').Page} page
 * @param {import('../examples/types.js').ExamplesStore} examples
 * @param {() => void} paste opens the dialog for many examples
 */
export function mountTuning({ bert, tab }, examples, paste) {
  const panel = find(HTMLElement, '#panel-tune');
  const choice = find(HTMLFieldSetElement, 'fieldset', panel);
  const mine = find(HTMLInputElement, '#tune-mine');
  const button = find(HTMLButtonElement, '#tune-start');
  const discard = find(HTMLButtonElement, '#tune-discard');
  const note = find(HTMLElement, '#tune-note');
  const work = find(HTMLElement, '.working', panel);
  const progress = find(HTMLProgressElement, 'progress', work);
  const phase = find(HTMLElement, '.phase', work);
  const result = find(HTMLElement, '.result', panel);
  const problem = find(HTMLElement, '.working ~ .problem', panel);
  const after = find(HTMLElement, '#tune-after');
  const course = createStore(/** @type {Course | null} */ (null));
  const tuned = createStore(/** @type {{ course: Course, heads: Heads } | null} */ (null));
  /** @type {AbortController | null} */
  let running = null;
  /** @type {Run | null} from which it can go on */
  let paused = null;
  /** Whether what is paused would survive a reload; null: not known yet. @type {boolean | null} */
  let isKept = null;
  /** The layer on top that belongs to the course. @type {Heads['frozen'] | null} */
  let frozen = null;

  const isPausing = () => running !== null && running.signal.aborted;

  const chosenSet = () => find(HTMLInputElement, 'input[type=radio]:checked', choice).value;

  function refresh() {
    const { items } = examples.of('single');
    find(HTMLElement, '#tune-mine-count').textContent =
      `${plural(countOf('single', items), 'example')} of one label each`;
    const obstacle = running ? '' : whyNot();
    choice.disabled = running !== null || paused !== null;
    button.disabled = obstacle !== '';
    button.textContent = nameOfButton();
    button.classList.toggle('calm', tuned.value !== null && !running && !paused);
    discard.hidden = paused === null || running !== null;
    work.hidden = running === null;
    result.hidden = running !== null || paused !== null;
    after.hidden = tuned.value === null;
    note.textContent = running
      ? ''
      : [paused ? describePaused(paused.course, isKept) : '', obstacle].filter(Boolean).join(' ');
  }

  function nameOfButton() {
    if (isPausing()) return 'Pausing…';
    if (running) return course.value?.steps ? 'Pause' : 'Stop';
    if (paused) return 'Go on';
    return tuned.value ? 'Fine-tune again' : 'Fine-tune';
  }

  function whyNot() {
    const model = bert.value;
    if (!model) return 'As soon as the model is loaded.';
    if (paused && paused.course.fingerprint !== model.info.fingerprint)
      return `It was begun with another model, ${paused.course.model}: load that one to go on, or discard it.`;
    if (paused || !mine.checked) return '';
    const { items } = examples.of('single');
    if (new Set(items.map(({ label }) => label)).size < 2) return 'It needs examples of at least two labels.';
    return '';
  }

  /** @param {Run | null} run that was paused, if it is to go on */
  async function start(run) {
    const model = bert.value;
    if (!model) return;
    const controller = new AbortController();
    const { signal } = controller;
    running = controller;
    const set = run?.course.set ?? chosenSet();
    if (!run) frozen = null;
    /** @type {string[]} */
    const warnings = [];
    showProblem(problem, null);
    progress.removeAttribute('value');
    phase.textContent = 'Starting';
    course.set(run?.course ?? null);
    refresh();
    try {
      const begun = run?.course ?? newCourse(set, await examplesOf(set, examples, signal), model);
      course.set(begun);
      const heads = await tune(model, begun, {
        checkpoint: run?.checkpoint,
        frozen: frozen ?? undefined,
        signal,
        onFrozen: (head) => (frozen = head),
        onReading(share) {
          progress.value = share;
          phase.textContent = 'Reading the examples';
        },
        onChange(change) {
          const next = { .../** @type {Course} */ (course.value), ...change };
          course.set(next);
          progress.value = next.step / (next.steps || 1);
          phase.textContent = describeStep(next);
          refresh();
        },
        onCheckpoint(checkpoint) {
          pause({ course: /** @type {Course} */ (course.value), checkpoint });
        },
        onWarning: (message) => warnings.push(message),
      });
      forget();
      const finished = /** @type {Course} */ (course.value);
      result.replaceChildren(...report(finished, heads), ...warnings.map(paragraph));
      if (bert.value === model) tuned.set({ course: finished, heads });
    } catch (error) {
      showProblem(problem, error);
    }
    running = null;
    if (!paused) course.set(tuned.value?.course ?? null);
    refresh();
  }

  /** Keeps what a training can go on from. @param {Run} run */
  async function pause(run) {
    paused = run;
    refresh();
    isKept = await kept.keep(run).then(
      () => true,
      () => false,
    );
    if (paused === null) await forget(); // it has ended in the meantime
    refresh();
  }

  function forget() {
    paused = null;
    isKept = null;
    return kept.forget().catch(() => {}); // nothing was kept
  }

  button.addEventListener('click', () => {
    if (!running) return void start(paused);
    running.abort();
    refresh();
  });
  discard.addEventListener('click', () => {
    const before = paused;
    if (!before) return;
    forget();
    course.set(tuned.value?.course ?? null);
    refresh();
    button.focus(); // in place of the button that is gone
    offerUndo('The paused training is discarded.', () => {
      if (running || paused) return;
      course.set(before.course);
      pause(before);
    });
  });
  find(HTMLButtonElement, '#tune-paste').addEventListener('click', () => {
    mine.checked = true;
    examples.set(examples.of('single')); // into which the dialog adds them
    paste();
    refresh();
  });
  choice.addEventListener('change', refresh);
  examples.subscribe(refresh);
  bert.subscribe(() => {
    running?.abort();
    frozen = null;
    tuned.set(null);
    if (!running) course.set(paused?.course ?? null);
    refresh();
  });
  mountCourse(panel, course, tab);
  const compared = createStore(/** @type {import('../shared/compare.js').Compared | null} */ (null));
  tuned.subscribe((present) => compared.set(present && comparedOf(present)));
  mountCompare(find(HTMLElement, '#tune-compare'), compared);
  mountTakeHome(tuned);
  kept.recall().then((run) => {
    if (!run || running || paused) return;
    paused = run;
    isKept = true;
    find(HTMLInputElement, `[value=${run.course.set}]`, choice).checked = true;
    course.set(run.course);
    refresh();
  });
}

/**
 * @param {{ course: Course, heads: Heads }} tuned
 * @returns {import('../shared/compare.js').Compared}
 */
const comparedOf = ({ course, heads }) => ({
  set: course.set,
  labels: labelsOf(course),
  sentences: toTry(course.set),
  heads: [heads.frozen, heads.tuned],
});

/** @param {Course} course */
function describeStep(course) {
  if (!course.steps) return 'Making room, and taking the first step';
  const heldOut = heldOutOf(course);
  return `Learning from ${plural(course.examples.length - heldOut, 'example')}; ${count(heldOut)} are held out to test it on.`;
}

/**
 * @param {Course} course
 * @param {boolean | null} isKept
 */
function describePaused({ step, steps, examples }, isKept) {
  const where = `Paused at step ${count(step)} of ${count(steps)}, with ${plural(examples.length, 'example')}.`;
  if (isKept === null) return where;
  return isKept
    ? `${where} It is kept in this browser: it can go on after a reload, too.`
    : `${where} This browser does not let the page keep it: a reload would lose it.`;
}

/**
 * @param {Course} course
 * @param {Heads} heads
 * @returns {HTMLElement[]}
 */
function report(course, { tuned, frozen }) {
  const { epochs = 0, steps = 0, validation, examples = 0 } = tuned.report ?? {};
  const { accuracy = 0, n = 0 } = validation ?? {};
  const before = frozen.report?.validation?.accuracy ?? 0;
  const rounds = course.epochs.length;
  const lines = [
    `By chance, such a share of ${plural(n, 'example')} is off by up to ${Math.round(100 * spreadOf(accuracy, n))} points.`,
    `Tuned on ${plural(examples, 'example')} in ${duration(course.milliseconds)}: ${plural(rounds, 'round')}, ${plural(steps, 'step')}.`,
    ...(epochs < rounds
      ? [
          `What it was after round ${count(epochs)} is kept: that was best on the held-out examples, which flatters the share above a little.`,
        ]
      : []),
    ...(course.examples.length < FEW ? [`From fewer than ${FEW} examples a layer on top often learns as much.`] : []),
  ];
  return [
    score(accuracy, `of the held-out examples right; ${percent(before)} with a layer on top alone.`),
    ...lines.map(paragraph),
  ];
}
