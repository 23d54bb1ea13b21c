// The examples in the browser's storage, which keeps those of each kind, and which kind was open.
import { keep, recall } from '../shared/storage.js';
import { createStore } from '../shared/store.js';
import { add, sampleExamples } from './examples.js';
import { kindNames, kinds, perKind } from './kinds.js';

/** @typedef {import('./types.js').Examples} Examples */
/** @typedef {import('./types.js').KindName} KindName */

/** Under which the browser keeps the kind that is open. */
const KEY = 'bertlet:kind';

/**
 * What the browser kept, if it is what `keepExamples` wrote.
 * @param {KindName} kind
 * @returns {Examples | undefined}
 */
function recallExamples(kind) {
  const isText = (/** @type {unknown} */ value) => typeof value === 'string';
  const isExample = (/** @type {any} */ { text, textPair, label }) =>
    isText(text) && isText(label) && isText(textPair) === (kind === 'pairs');
  try {
    const { labels, items } = JSON.parse(recall(kinds[kind].key) ?? '');
    if (!labels.every(isText) || !items.every(isExample)) return undefined;
    return add({ kind, labels, items: [] }, items);
  } catch {
    return undefined;
  }
}

/** @param {Examples} examples */
function keepExamples({ kind, labels, items }) {
  const kept = items.map(({ text, textPair, label }) => ({ text, textPair, label }));
  keep(KEY, kind);
  keep(kinds[kind].key, JSON.stringify({ labels, items: kept }));
}

/** @returns {import('./types.js').ExamplesStore} */
export function restoreExamples() {
  const all = perKind((kind) => recallExamples(kind) ?? sampleExamples(kind));
  const kept = recall(KEY);
  const open = createStore(all[kindNames.find((kind) => kind === kept) ?? 'single']);
  open.subscribe((examples) => {
    all[examples.kind] = examples;
    keepExamples(examples);
  });
  return Object.assign(open, { of: (/** @type {KindName} */ kind) => all[kind] });
}
