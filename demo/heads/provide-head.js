// What does a tab's task: a head on the page's own model, which brings it, or was opened or taught here; else an adapter's, merged into
// a model of its own.
import { adaptablePlace } from '../model/places.js';
import { clone, find } from '../shared/dom.js';
import { megabytes } from '../shared/format.js';
import { showProblem } from '../shared/problems.js';
import { createStore } from '../shared/store.js';

/** @typedef {import('bertlet').Model} Model */
/** @typedef {import('./heads.js').Method} Method */

/**
 * @template {string} M
 * @typedef {Extract<import('./heads.js').AnyHead, Record<M, any>>} HeadWith
 */

/** Ends the adapted model of another tab: for more than one a phone may not have the memory. */
let endOther = () => {};

/**
 * @template {Method} M
 * @param {import('./heads.js').Page} page
 * @param {string} name of the tab
 * @param {string} adapter folder in adapters/
 * @param {M} method that the head must have
 * @returns {import('../shared/store.js').Store<HeadWith<M> | null>} null until there is one
 */
export function provideHead({ bert, owns, place, tab }, name, adapter, method) {
  const head = createStore(/** @type {HeadWith<M> | null} */ (null));
  const panel = find(HTMLElement, `#panel-${name}`);
  const view = clone('head-status-template');
  const status = find(HTMLElement, '.hint', view);
  const progress = find(HTMLProgressElement, 'progress', view);
  const cancel = find(HTMLButtonElement, '.cancel', view);
  const retry = find(HTMLButtonElement, '.retry', view);
  const problem = find(HTMLElement, '.problem', view);
  const origin = find(HTMLElement, '.origin', panel);
  const adapterOrigin = [...origin.childNodes];
  let controller = new AbortController();
  /** @type {Model | null} with the adapter */
  let adapted = null;

  /** @param {'waiting' | 'loading' | 'ready' | 'absent'} state */
  function show(state) {
    view.dataset.state = state;
    view.hidden = state === 'ready';
    progress.hidden = cancel.hidden = state !== 'loading';
    retry.hidden = state !== 'absent';
  }

  /** Everything is as before the adapter was loaded. */
  function end() {
    controller.abort();
    head.set(null);
    adapted?.dispose();
    adapted = null;
    status.textContent = 'It starts as soon as the model is loaded.';
    show('waiting');
  }

  async function loadAdapted() {
    if (endOther !== end) endOther();
    endOther = end;
    const { signal } = (controller = new AbortController());
    const base = adaptablePlace(place());
    showProblem(problem, null);
    status.textContent = `Loading ${base.name} with the adapter…`;
    progress.removeAttribute('value');
    show('loading');
    try {
      const model = await base.load({
        adapter: new URL(`adapters/${adapter}/`, document.baseURI).href,
        signal,
        onProgress({ loaded, total }) {
          progress.value = loaded / total;
          status.textContent = `Loading ${base.name} with the adapter: ${megabytes(loaded)} of ${megabytes(total)} MB`;
        },
      });
      if (signal.aborted) return void model.dispose();
      adapted = model;
      show('ready');
      head.set(/** @type {HeadWith<M>} */ (model.head));
    } catch (error) {
      if (view.dataset.state !== 'loading' || signal !== controller.signal) return;
      status.textContent = signal.aborted ? 'Loading was cancelled.' : 'The adapter is not loaded.';
      showProblem(problem, error);
      show('absent');
      if (signal.aborted) retry.focus(); // in place of the button that was pressed
    }
  }

  function refresh() {
    const own = owns[method].value;
    const before = head.value;
    if (own) {
      if (before === own.head) return;
      end();
      origin.textContent = own.origin;
      show('ready');
      return head.set(/** @type {HeadWith<M>} */ (own.head));
    }
    if (before && !adapted) end(); // it belonged to a model that is gone
    origin.replaceChildren(...adapterOrigin);
    if (tab.value === name && bert.value && view.dataset.state === 'waiting') loadAdapted();
  }

  cancel.addEventListener('click', () => controller.abort());
  retry.addEventListener('click', loadAdapted);
  find(HTMLElement, '.panel', panel).prepend(view);
  end();
  for (const store of [tab, bert, owns[method]]) store.subscribe(refresh);
  return head;
}
