// The choice between the kinds of classifier.
import { find } from '../shared/dom.js';

/** @param {import('./types.js').ExamplesStore} examples */
export function mountKinds(examples) {
  const choice = find(HTMLFieldSetElement, '.kinds');

  examples.subscribe(({ kind }) => {
    document.body.dataset.kind = kind; // which hides what is for other kinds only
    find(HTMLInputElement, `[value=${kind}]`, choice).checked = true;
  });
  choice.addEventListener('change', () => {
    const { value } = find(HTMLInputElement, ':checked', choice);
    examples.set(examples.of(/** @type {import('./types.js').KindName} */ (value)));
  });
}
