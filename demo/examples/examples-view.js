// The list of examples, one column for each label.
import { arrange, clone, find, keyed } from '../shared/dom.js';
import { makeBucket } from './bucket-view.js';
import { change } from './change.js';
import { addLabel, noExamples, sampleExamples } from './examples.js';

/** @typedef {import('./types.js').ExamplesStore} ExamplesStore */

/** @param {ExamplesStore} examples */
export function mountExamples(examples) {
  const buckets = find(HTMLElement, '.buckets');
  const newLabel = makeNewLabel(examples);
  const bucketsOf = keyed((/** @type {string} */ key) => makeBucket(Number(key.split(' ')[1]), examples));

  examples.subscribe(({ kind, labels }) => {
    const views = bucketsOf(labels.map((_, index) => `${kind} ${index}`));
    for (const view of views) view.show();
    arrange(buckets, [...views.map((view) => view.element), newLabel]);
  });

  find(HTMLButtonElement, '#clear-examples').addEventListener('click', () => {
    change(examples, noExamples(examples.value.kind), 'All examples are cleared.');
  });
  find(HTMLButtonElement, '#reset-examples').addEventListener('click', () => {
    change(examples, sampleExamples(examples.value.kind), 'Back to the examples of the start.');
  });
}

/** @param {ExamplesStore} examples */
function makeNewLabel(examples) {
  const form = clone('new-label-template');
  const name = find(HTMLInputElement, 'input', form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const label = name.value.trim();
    if (!label) return name.focus();
    name.value = '';
    examples.set(addLabel(examples.value, label));
    const added = find(HTMLElement, '.buckets').children[examples.value.labels.indexOf(label)];
    find(HTMLInputElement, '.add-text', added).focus();
  });
  return form;
}
