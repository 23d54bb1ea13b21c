// The names of labels: files of them, and whether examples keep to them.
import { extname } from 'node:path';
import { BertletError } from '../../errors.js';
import { splitLines } from '../lib/files.js';
import { badFile, badLine } from './bad-data.js';

/**
 * labels.json, an array of names or an object from index to name as in config.json's id2label; or a name a line.
 * @param {string} text of the file
 * @param {string} path
 * @returns {string[]}
 */
export function readLabels(text, path) {
  const isJson = extname(path).toLowerCase() === '.json' || /^\s*[[{]/.test(text);
  const labels = isJson ? fromJson(text, path) : splitLines(text.trimEnd()).map((line) => line.trim());
  const place = (/** @type {number} */ index, /** @type {string} */ problem) =>
    isJson ? badFile(path, `label ${index}: ${problem}`) : badLine(path, index + 1, problem);
  labels.forEach((label, index) => {
    if (typeof label !== 'string' || label === '') throw place(index, 'the label is empty, or no string');
    if (labels.indexOf(label) < index) throw place(index, `the label "${label}" stands there twice`);
  });
  return labels;
}

/**
 * @param {string} text
 * @param {string} path
 * @returns {string[]}
 */
function fromJson(text, path) {
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    // reported below, like what is neither an array nor an object
  }
  if (typeof value !== 'object' || value === null) {
    throw badFile(
      path,
      'this is not JSON; labels are ["…", "…"], {"0": "…", "1": "…"}, or a name a line in another file',
    );
  }
  if (Array.isArray(value)) return value;
  const byIndex = /** @type {Record<number, string>} */ (value);
  return Object.keys(byIndex).map((_, index) => {
    if (index in byIndex) return byIndex[index];
    throw badFile(path, `there is no label for index ${index}`);
  });
}

/** @typedef {{ line: number, label?: string, labels?: string[], tags?: string[] }} Labelled an example of any task with labels */

export const labelsOf = (/** @type {Labelled} */ { label, labels, tags }) =>
  label === undefined ? (labels ?? tags ?? []) : [label];

/**
 * Refuses examples whose labels a head doesn't know: they come from another data set, or from a wrong column.
 * @param {Labelled[]} examples
 * @param {string} path their file
 * @param {Iterable<string>} labels of the head
 */
export function checkLabels(examples, path, labels) {
  const known = new Set(labels);
  for (const example of examples) {
    const unknown = labelsOf(example).find((label) => !known.has(label));
    if (unknown === undefined) continue;
    throw new BertletError(
      'BAD_LABELS',
      `${path}, line ${example.line}: the label "${unknown}" did not occur in training, whose labels are ${some([...known])}.`,
    );
  }
}

/**
 * Puts names in the place of indices, as in data with a file of labels beside it. What is a name already stays.
 * @param {Labelled[]} examples changed in place
 * @param {string} path their file
 * @param {string[]} labels
 */
export function nameLabels(examples, path, labels) {
  const known = new Set(labels);
  for (const example of examples) {
    const nameOf = (/** @type {string} */ label) => {
      const name = known.has(label) ? label : /^\d+$/.test(label) ? labels[Number(label)] : undefined;
      if (name !== undefined) return name;
      const problem = `the label "${label}" is neither one of ${some(labels)} nor the index of one`;
      throw new BertletError('BAD_LABELS', `${path}, line ${example.line}: ${problem}.`);
    };
    if (example.label !== undefined) example.label = nameOf(example.label);
    if (example.labels) example.labels = example.labels.map(nameOf);
    if (example.tags) example.tags = example.tags.map(nameOf);
  }
}

/** @param {string[]} labels */
function some(labels) {
  const first = labels.slice(0, 5).map((label) => `"${label}"`);
  return first.join(', ') + (labels.length > first.length ? `, … (${labels.length} in all)` : '');
}
