// The labelled examples: every way to change them. Values are never changed in place, so that an earlier one can be put back ("Undo").
import { kinds } from './kinds.js';

/** @typedef {import('./types.js').Example} Example */
/** @typedef {import('./types.js').Examples} Examples */
/** @typedef {import('./types.js').KindName} KindName */
/** @typedef {import('./types.js').Labelled} Labelled */

let lastId = 0;

/**
 * @param {Examples} examples
 * @param {Labelled[]} added
 * @returns {Examples}
 */
export function add({ kind, labels, items }, added) {
  const fresh = added.map(({ text, textPair, label }) => ({ id: ++lastId, text, textPair, label }));
  return {
    kind,
    labels: [...new Set([...labels, ...added.map(({ label }) => label)])],
    items: distinct(kind, [...fresh, ...items]),
  };
}

/**
 * Where a text has several labels, it is changed under all of them.
 * @param {Examples} examples
 * @param {number} id
 * @param {Partial<Labelled>} change
 * @returns {Examples}
 */
export function edit({ kind, labels, items }, id, change) {
  const text = kind === 'several' ? items.find((item) => item.id === id)?.text : undefined;
  const changed = items.map((item) => (item.id === id || item.text === text ? { ...item, ...change } : item));
  return { kind, labels, items: distinct(kind, changed) };
}

/**
 * @param {Examples} examples
 * @param {number} id
 * @returns {Examples}
 */
export function remove({ items, ...rest }, id) {
  return { ...rest, items: items.filter((item) => item.id !== id) };
}

/**
 * @param {Examples} examples
 * @param {string} label
 * @returns {Examples}
 */
export function addLabel({ labels, ...rest }, label) {
  return { ...rest, labels: labels.includes(label) ? labels : [...labels, label] };
}

/**
 * Renames a label; when there is one of the new name already, the two become one.
 * @param {Examples} examples
 * @param {string} from
 * @param {string} to
 * @returns {Examples}
 */
export function renameLabel({ kind, labels, items }, from, to) {
  const renamed = items.map((item) => (item.label === from ? { ...item, label: to } : item));
  return {
    kind,
    labels: [...new Set(labels.map((label) => (label === from ? to : label)))],
    items: distinct(kind, renamed),
  };
}

/**
 * Removes a label and its examples.
 * @param {Examples} examples
 * @param {string} label
 * @returns {Examples}
 */
export function removeLabel({ kind, labels, items }, label) {
  return {
    kind,
    labels: labels.filter((other) => other !== label),
    items: items.filter((item) => item.label !== label),
  };
}

/**
 * Where texts have several labels, each of them once.
 * @param {KindName} kind
 * @param {Example[]} items
 */
function distinct(kind, items) {
  if (kind !== 'several') return items;
  const keys = new Set();
  return items.filter(({ text, label }) => {
    const before = keys.size;
    return keys.add(`${label}\n${text}`).size > before;
  });
}

/**
 * Each text with all of its labels.
 * @param {Labelled[]} items
 * @returns {{ text: string, labels: string[] }[]}
 */
export function byText(items) {
  /** @type {Map<string, string[]>} */
  const labelsOf = new Map();
  for (const { text, label } of items) labelsOf.set(text, [...(labelsOf.get(text) ?? []), label]);
  return [...labelsOf].map(([text, labels]) => ({ text, labels }));
}

/**
 * Of how many examples these are: a text with several labels is one.
 * @param {KindName} kind
 * @param {Labelled[]} items
 */
export const countOf = (kind, items) => (kind === 'several' ? byText(items).length : items.length);

/**
 * @param {KindName} kind
 * @returns {Examples}
 */
export const noExamples = (kind) => ({ kind, labels: [], items: [] });

/** @param {KindName} kind */
export const sampleExamples = (kind) => add(noExamples(kind), kinds[kind].samples.examples);
