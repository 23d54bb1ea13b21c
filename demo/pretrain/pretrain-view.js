// "From nothing": a small BERT learns a language from a text, live; it fills gaps meanwhile, can be paused, and taken home.
import { find } from '../shared/dom.js';
import { count, duration, plural } from '../shared/format.js';
import { keptRun } from '../shared/kept-run.js';
import { showProblem } from '../shared/problems.js';
import { paragraph } from '../shared/report.js';
import { createStore } from '../shared/store.js';
import { offerUndo } from '../shared/undo.js';
import { textOf } from '../examples/file-text.js';
import { mountClassifier } from './classifier-view.js';
import { learn, learnVocabulary, newCourse, newModel } from './course.js';
import { mountGaps } from './gaps-view.js';
import { describeFound, mountProgress } from './progress-view.js';
import { mountTakeHome } from './take-home.js';
import { countWords, FEW_WORDS, fetchQuestions, piecesOf } from './texts.js';

/** @typedef {import('./course.js').Course} Course */
/** @typedef {import('./course.js').Pair} Pair */
/** @typedef {import('./course.js').Run} Run */

/** @type {ReturnType<typeof keptRun<Run>>} */
const kept = keptRun('pre-training');

/**
 * @param {Pick<import('../heads/heads.js').Page, 'tab'>} page
 * @param {import('../examples/types.js').ExamplesStore} examples
 */
export function mountPretraining({ tab }, examples) {
  const panel = find(HTMLElement, '#panel-pretrain');
  const choice = find(HTMLFieldSetElement, 'fieldset', panel);
  const mine = find(HTMLInputElement, '#pretrain-mine');
  const text = find(HTMLTextAreaElement, '#pretrain-text');
  const file = find(HTMLInputElement, '#pretrain-file');
  const length = find(HTMLSelectElement, '#pretrain-steps');
  const button = find(HTMLButtonElement, '#pretrain-start');
  const discard = find(HTMLButtonElement, '#pretrain-discard');
  const note = find(HTMLElement, '#pretrain-note');
  const work = find(HTMLElement, '.working', panel);
  const progress = find(HTMLProgressElement, 'progress', work);
  const phase = find(HTMLElement, '.phase', work);
  const result = find(HTMLElement, '.result', panel);
  const problem = find(HTMLElement, '.working ~ .problem', panel);
  const after = find(HTMLElement, '#pretrain-after');
  const course = createStore(/** @type {Course | null} */ (null));
  const pair = createStore(/** @type {Pair | null} */ (null));
  /** The models, while none of them learns. */
  const ready = createStore(/** @type {Pair | null} */ (null));
  /** @type {AbortController | null} */
  let running = null;
  /** @type {Run | null} from which it can go on */
  let paused = null;
  /** What is wrong with the file that was chosen. */
  let fault = '';

  const source = () => (mine.checked ? 'mine' : 'questions');

  function refresh() {
    const obstacle = running || paused ? '' : whyNot();
    const isPausing = running?.signal.aborted ?? false;
    choice.disabled = running !== null || paused !== null;
    find(HTMLElement, '.own-text', panel).hidden = !mine.checked;
    button.disabled = obstacle !== '' || isPausing;
    button.textContent = nameOfButton(isPausing);
    button.classList.toggle('calm', ready.value !== null && !running && !paused);
    discard.hidden = paused === null || running !== null;
    work.hidden = running === null;
    result.hidden = running !== null || paused !== null;
    after.hidden = ready.value === null;
    note.textContent = running ? '' : paused ? describePaused(paused.course) : obstacle;
  }

  /** @param {boolean} isPausing */
  function nameOfButton(isPausing) {
    if (isPausing) return 'Pausing…';
    if (running) return course.value?.step ? 'Pause' : 'Stop';
    if (paused) return 'Go on';
    return ready.value ? 'Start again' : 'Start from nothing';
  }

  function whyNot() {
    if (!mine.checked) return '';
    if (fault) return fault;
    const words = countWords(text.value);
    return words < FEW_WORDS
      ? `It needs ${count(FEW_WORDS)} words or more to read; ${count(words)} are there. A few thousand lines are better.`
      : '';
  }

  /** Ends the models that were there. */
  function endPair() {
    const before = pair.value;
    ready.set(null);
    pair.set(null);
    for (const model of Object.values(before ?? {})) model.dispose();
  }

  /** @param {AbortSignal} signal */
  const textsOf = (signal) => (mine.checked ? piecesOf(text.value) : fetchQuestions(signal));

  /** @param {Run | null} run that was paused, if it is to go on */
  async function start(run) {
    const { signal } = (running = new AbortController());
    /** @type {string[]} */
    const warnings = [];
    const say = (/** @type {string} */ what, /** @type {number | undefined} */ share) => {
      phase.textContent = what;
      if (share === undefined) progress.removeAttribute('value');
      else progress.value = share;
    };
    showProblem(problem, null);
    say('Starting', undefined);
    if (!run) course.set(null);
    ready.set(null);
    refresh();
    try {
      const begun = run?.course ?? newCourse(source(), await textsOf(signal), Number(length.value));
      const vocabulary =
        run?.course.vocabulary ??
        (await learnVocabulary(begun.texts, {
          signal,
          onProgress: (share) => say('Finding the pieces that its words are made of', share),
        }));
      course.set({ ...begun, vocabulary });
      const models = await makeModels(vocabulary, run !== null, signal);
      let { fingerprint } = models.learned.info;
      await learn(models.learned, /** @type {Course} */ (course.value), {
        checkpoint: run?.checkpoint,
        signal,
        onChange(change) {
          const next = { .../** @type {Course} */ (course.value), ...change };
          course.set(next);
          say(describeReading(next), next.step / next.steps);
          if (models.learned.info.fingerprint !== fingerprint) gaps.refresh();
          ({ fingerprint } = models.learned.info);
          refresh();
        },
        onCheckpoint(checkpoint) {
          pause({ course: /** @type {Course} */ (course.value), checkpoint });
        },
        onWarning: (message) => warnings.push(message),
      });
      forget();
      gaps.refresh();
      const finished = /** @type {Course} */ (course.value);
      result.replaceChildren(...report(finished).map(paragraph), ...warnings.map(paragraph));
    } catch (error) {
      showProblem(problem, error);
      if (!paused) course.set(null);
      if (!paused) endPair();
    }
    running = null;
    ready.set(pair.value);
    refresh();
  }

  /**
   * Both as they are before the first step. Where one goes on, what it has filled in stays until the new one has taken its weights.
   * @param {string[]} vocabulary
   * @param {boolean} isGoingOn
   * @param {AbortSignal} signal
   */
  async function makeModels(vocabulary, isGoingOn, signal) {
    const before = pair.value;
    if (!isGoingOn) endPair();
    const known = isGoingOn ? before?.untrained : undefined;
    const untrained = known ?? (await newModel(vocabulary, { signal, threads: 1 }));
    const learned = await newModel(vocabulary, { signal }).catch((error) => {
      if (!known) untrained.dispose();
      throw error;
    });
    const models = { untrained, learned };
    gaps.follow(before?.learned, models.learned);
    pair.set(models);
    if (isGoingOn) before?.learned.dispose();
    return models;
  }

  /** Keeps what it can go on from. @param {Run} run */
  async function pause(run) {
    paused = run;
    refresh();
    await kept.keep(run).catch(() => {}); // storage is full or switched off: it can go on until the page is closed
    if (paused === null) await forget(); // it has ended in the meantime
  }

  function forget() {
    paused = null;
    return kept.forget().catch(() => {}); // nothing was kept
  }

  const gaps = mountGaps(find(HTMLElement, '#pretrain-gaps'), pair);
  button.addEventListener('click', () => {
    if (!running) return void start(paused);
    running.abort();
    refresh();
  });
  discard.addEventListener('click', () => {
    const before = paused;
    if (!before) return;
    forget();
    course.set(null);
    endPair();
    refresh();
    button.focus(); // in place of the button that is gone
    offerUndo('The paused training is discarded.', () => {
      if (running || paused) return;
      course.set(before.course);
      pause(before);
    });
  });
  file.addEventListener('change', async () => {
    const [given] = file.files ?? [];
    file.value = '';
    if (!given) return;
    const { text: read, problem: wrong = '' } = await textOf(given);
    fault = wrong;
    if (!wrong) text.value = read;
    refresh();
  });
  text.addEventListener('input', () => {
    fault = '';
    refresh();
  });
  choice.addEventListener('change', () => {
    gaps.suggest(source());
    refresh();
  });
  mountProgress(panel, course, tab);
  mountClassifier(ready, examples);
  mountTakeHome(ready, gaps.first);
  gaps.suggest(source());
  refresh();
  kept.recall().then((run) => {
    if (!run || running || paused) return;
    paused = run;
    mine.checked = run.course.source === 'mine';
    length.value = String(run.course.steps);
    gaps.suggest(run.course.source);
    course.set(run.course);
    refresh();
  });
}

/** @param {Course} course */
function describeReading({ step, texts }) {
  if (step === 0) return 'Making room, and taking the first step';
  return `Reading ${plural(texts.length, 'sentence')}, again and again. Every twentieth is held out, to test it on.`;
}

/** @param {Course} course */
const describePaused = ({ step, steps }) =>
  `Paused at step ${count(step)} of ${count(steps)}. It can go on after a reload, too.`;

/** @param {Course} course */
const report = (course) => [
  describeFound(course),
  `It took ${duration(course.milliseconds)}: ${plural(course.steps, 'step')}, with ${plural(course.texts.length, 'sentence')} and ${count(course.vocabulary.length)} pieces of words.`,
];
