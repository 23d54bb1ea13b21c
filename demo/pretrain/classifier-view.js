// A classifier on top of the model that has read, beside one on random weights: the same examples teach both, and the same ones test them.
import { load } from 'bertlet';
import { find } from '../shared/dom.js';
import { count, plural } from '../shared/format.js';
import { mountCompare } from '../shared/compare.js';
import { showProblem } from '../shared/problems.js';
import { score, spreadOf } from '../shared/report.js';
import { createStore } from '../shared/store.js';
import { examplesOf, toTry } from '../tune/sets.js';

/** @typedef {import('bertlet').Model} Model */
/** @typedef {import('bertlet').TextClassifier} TextClassifier */
/** @typedef {import('./course.js').Pair} Pair */

/** All weights learn: of models this small a layer on top gets little. Half of the examples is what both are tested on. */
const RECIPE = {
  method: /** @type {const} */ ('full'),
  learningRate: 3e-3,
  epochs: 15,
  maxTokens: 48,
  validation: 0.5,
};

/**
 * @param {import('../shared/store.js').Watched<Pair | null>} ready the models, while none of them learns
 * @param {import('../examples/types.js').ExamplesStore} examples
 */
export function mountClassifier(ready, examples) {
  const section = find(HTMLElement, '#pretrain-classify');
  const choice = find(HTMLSelectElement, 'select', section);
  const button = find(HTMLButtonElement, '.teach-both', section);
  const work = find(HTMLElement, '.working', section);
  const progress = find(HTMLProgressElement, 'progress', work);
  const phase = find(HTMLElement, '.hint', work);
  const trial = find(HTMLElement, '.trial', section);
  const problem = find(HTMLElement, '.teach-problem', section);
  const result = find(HTMLElement, '.trial .result', section);
  const compared = createStore(/** @type {import('../shared/compare.js').Compared | null} */ (null));
  /** @type {AbortController | null} */
  let running = null;

  /** Copies, of which all weights have learned the labels; what has read goes on with its own. @type {Model[]} */
  let copies = [];

  function refresh() {
    button.textContent = running ? 'Stop' : 'Teach both';
    button.classList.toggle('calm', compared.value !== null && !running);
    choice.disabled = running !== null;
    work.hidden = running === null;
    trial.hidden = compared.value === null || running !== null;
  }

  function endCopies() {
    compared.set(null);
    for (const model of copies) model.dispose();
    copies = [];
  }

  async function teach() {
    const pair = ready.value;
    if (!pair) return;
    const { signal } = (running = new AbortController());
    const set = choice.value;
    showProblem(problem, null);
    progress.removeAttribute('value');
    endCopies();
    refresh();
    try {
      const items = await examplesOf(set, examples, signal);
      const labelled = items.map(({ text, label }) => ({ text, label }));
      /** @type {TextClassifier[]} */
      const heads = [];
      for (const [i, model] of [pair.untrained, pair.learned].entries()) {
        phase.textContent = i === 0 ? 'The one that is random learns' : 'The one that has read learns';
        const copy = await load(/** @type {any} */ (await model.save({ signal })), {
          dtype: 'f32',
          cache: false,
          signal,
        });
        copies.push(copy);
        const onProgress = ({ loaded = 0, total = 1 }) => (progress.value = (i + loaded / total) / 2);
        heads.push(await copy.fit(labelled, { ...RECIPE, signal, onProgress, onWarning() {} }));
      }
      showResult(heads);
      compared.set({
        set,
        labels: [...new Set(labelled.map(({ label }) => label))],
        sentences: toTry(set).length > 0 ? toTry(set) : [labelled[0].text],
        heads: [heads[0], heads[1]],
      });
    } catch (error) {
      endCopies();
      showProblem(problem, error);
    }
    running = null;
    refresh();
  }

  /** @param {TextClassifier[]} heads */
  function showResult(heads) {
    const names = ['untrained', 'learned'];
    heads.forEach(({ report }, i) => {
      const share = find(HTMLElement, `.${names[i]} .share`, section);
      share.replaceChildren(score(report?.validation?.accuracy ?? 0, 'right'));
    });
    const { examples: n = 0, validation } = heads[0].report ?? {};
    const tested = validation?.n ?? 0;
    const [random, read] = heads.map(({ report }) => report?.validation?.accuracy ?? 0);
    const margin = spreadOf(read, tested);
    const said =
      Math.abs(read - random) < margin
        ? 'That is about the same.'
        : read > random
          ? 'Reading was worth it.'
          : 'Reading was not worth it, for this: it has read too little.';
    result.textContent = `Both learned from ${plural(n, 'example')} and were tested on ${count(tested)} others. ${said} By chance alone, each share may be off by ${Math.round(100 * margin)} points.`;
  }

  button.addEventListener('click', () => {
    if (running) running.abort();
    else teach();
  });
  ready.subscribe(() => {
    running?.abort();
    endCopies();
    showProblem(problem, null);
    refresh();
  });
  mountCompare(section, compared);
}
