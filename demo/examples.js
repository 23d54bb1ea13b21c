// The labelled examples: what they are, every way to change them, and where the browser keeps them.
// Values are never changed in place, so that an earlier one can be put back ("Undo").
import { samples } from './samples.js';
import { createStore } from './store.js';

/** @typedef {{ text: string, label: string }} Labelled */
/** @typedef {Labelled & { id: number }} Example */
/** @typedef {{ labels: string[], items: Example[] }} Examples items: newest first */
/** @typedef {import('./store.js').Store<Examples>} ExamplesStore */

const KEY = 'bertlet:examples';

let lastId = 0;

/**
 * @param {Examples} examples
 * @param {Labelled[]} added
 * @returns {Examples}
 */
export function add(examples, added) {
  const items = added.map(({ text, label }) => ({ id: ++lastId, text, label }));
  const labels = [...new Set([...examples.labels, ...added.map(({ label }) => label)])];
  return { labels, items: [...items, ...examples.items] };
}

/**
 * @param {Examples} examples
 * @param {number} id
 * @param {Partial<Labelled>} change
 * @returns {Examples}
 */
export function edit({ labels, items }, id, change) {
  return { labels, items: items.map((item) => (item.id === id ? { ...item, ...change } : item)) };
}

/**
 * @param {Examples} examples
 * @param {number} id
 * @returns {Examples}
 */
export function remove({ labels, items }, id) {
  return { labels, items: items.filter((item) => item.id !== id) };
}

/**
 * @param {Examples} examples
 * @param {string} label
 * @returns {Examples}
 */
export function addLabel({ labels, items }, label) {
  return labels.includes(label) ? { labels, items } : { labels: [...labels, label], items };
}

/**
 * Renames a label; when there is one of the new name already, the two become one.
 * @param {Examples} examples
 * @param {string} from
 * @param {string} to
 * @returns {Examples}
 */
export function renameLabel({ labels, items }, from, to) {
  return {
    labels: [...new Set(labels.map((label) => (label === from ? to : label)))],
    items: items.map((item) => (item.label === from ? { ...item, label: to } : item)),
  };
}

/**
 * Removes a label and its examples.
 * @param {Examples} examples
 * @param {string} label
 * @returns {Examples}
 */
export function removeLabel({ labels, items }, label) {
  return { labels: labels.filter((other) => other !== label), items: items.filter((item) => item.label !== label) };
}

/** @returns {Examples} */
export const noExamples = () => ({ labels: [], items: [] });

/** @returns {Examples} */
export const sampleExamples = () => add(noExamples(), samples);

/**
 * What the browser kept, if it is what `keep` wrote.
 * @returns {Examples | undefined}
 */
function recall() {
  try {
    const { labels, items } = JSON.parse(localStorage.getItem(KEY) ?? '');
    const isText = (/** @type {unknown} */ value) => typeof value === 'string';
    if (!labels.every(isText) || !items.every((/** @type {any} */ item) => isText(item.text) && isText(item.label))) {
      return undefined;
    }
    return add({ labels, items: [] }, items);
  } catch {
    return undefined; // nothing kept, or storage is switched off
  }
}

/** @param {Examples} examples */
function keep({ labels, items }) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ labels, items: items.map(({ text, label }) => ({ text, label })) }));
  } catch {
    // Storage is full or switched off: the page works all the same, until it is closed.
  }
}

/** @returns {ExamplesStore} */
export function restoreExamples() {
  const store = createStore(recall() ?? sampleExamples());
  store.subscribe(keep);
  return store;
}
