// Loads the model and says how that goes, what is loaded and how it runs.
import { find } from '../shared/dom.js';
import { count, megabytes, plural } from '../shared/format.js';
import { showProblem } from '../shared/problems.js';
import { folderPlace, requestedPlace } from './places.js';

/** @typedef {import('bertlet').Model} Model */
/** @typedef {import('bertlet').ModelInfo} ModelInfo */

/** What runs, in words: a build is called `simd`, or `simd-mt` with threads. @param {ModelInfo} info */
function engineOf({ build, threads }) {
  const [kind] = build.split('-');
  const names = { scalar: 'plain WebAssembly', simd: 'WebAssembly SIMD', relaxed: 'WebAssembly relaxed SIMD' };
  return `${names[/** @type {keyof typeof names} */ (kind)]}, ${plural(threads, 'thread')}`;
}

/**
 * @param {import('../shared/store.js').Store<Model | null>} bert
 * @returns {() => import('./places.js').Place} where the present model is from
 */
export function mountModel(bert) {
  const section = find(HTMLElement, '#model');
  const status = find(HTMLElement, '.model-status', section);
  const aside = find(HTMLElement, '.model-aside', section);
  const progress = find(HTMLProgressElement, 'progress', section);
  const cancel = find(HTMLButtonElement, '.model-cancel', section);
  const retry = find(HTMLButtonElement, '.model-retry', section);
  const folder = find(HTMLInputElement, '.model-folder', section);
  const problem = find(HTMLElement, '.problem', section);
  const details = find(HTMLDetailsElement, 'details', section);
  let controller = new AbortController();
  let place = requestedPlace();

  /** @param {'loading' | 'ready' | 'absent'} state */
  const show = (state) => {
    section.dataset.state = state;
    progress.hidden = cancel.hidden = state !== 'loading';
    retry.hidden = state !== 'absent';
    details.open = state === 'absent'; // which offers another model
  };

  /** @param {import('./places.js').Place} from */
  async function start(from) {
    const { name } = from;
    place = from;
    controller.abort();
    const { signal } = (controller = new AbortController());
    const previous = bert.value;
    bert.set(null); // first, so that nothing is asked of it any more
    await previous?.dispose();
    showProblem(problem, null);
    status.textContent = `Loading ${name}…`;
    aside.textContent = '';
    progress.removeAttribute('value'); // as long as it is not known how much there is
    show('loading');
    try {
      const model = await from.load({
        signal,
        onProgress({ loaded, total }) {
          progress.value = loaded / total;
          aside.textContent = `${megabytes(loaded)} of ${megabytes(total)} MB`;
        },
      });
      if (signal.aborted) return void (await model.dispose());
      bert.set(model);
      status.textContent = `${name} is ready`;
      aside.textContent = engineOf(model.info);
      show('ready');
    } catch (error) {
      if (signal !== controller.signal) return; // another load has taken over
      status.textContent = signal.aborted ? 'Loading was cancelled' : 'No model is loaded';
      aside.textContent = '';
      showProblem(problem, error);
      show('absent');
      if (signal.aborted) retry.focus(); // in place of the button that was pressed
    }
  }

  cancel.addEventListener('click', () => controller.abort());
  retry.addEventListener('click', () => start(requestedPlace()));
  folder.addEventListener('change', () => {
    const files = [...(folder.files ?? [])];
    folder.value = '';
    if (files.length > 0) start(folderPlace(files));
  });

  bert.subscribe((loaded) => {
    find(HTMLElement, '.facts', section).replaceChildren(...(loaded ? describe(loaded.info) : []));
    find(HTMLElement, '.notes', section).replaceChildren(...(loaded?.info.notes ?? []).map(note));
  });
  start(place);
  return () => place;
}

/** @param {string} text */
function note(text) {
  const item = document.createElement('li');
  item.textContent = text;
  return item;
}

/**
 * @param {ModelInfo} info
 * @returns {HTMLElement[]} each a term with its description
 */
function describe(info) {
  const facts = {
    Model: info.model,
    Encoder: `${info.modelType}, ${plural(info.numLayers, 'layer')}, ${count(info.hiddenSize)} numbers for each text`,
    Vocabulary: `${count(info.vocabSize)} word pieces`,
    'Longest text': `${count(info.maxTokens)} word pieces`,
    'Runs on': `${engineOf(info)}, ${info.dtype}`,
    Fingerprint: info.fingerprint,
  };
  return Object.entries(facts).map(([term, text]) => {
    const fact = document.createElement('div');
    const name = document.createElement('dt');
    const value = document.createElement('dd');
    name.textContent = term;
    value.textContent = text;
    fact.append(name, value);
    return fact;
  });
}
