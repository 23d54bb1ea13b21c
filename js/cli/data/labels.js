// Names of labels: reads files of them, and checks the labels of examples against them.
import { extname } from 'node:path';
import { parseTag } from '../../decode/tags.js';
import { BertletError } from '../../errors.js';
import { splitLines } from '../lib/lines.js';
import { badFile, badLine } from './bad-data.js';

/**
 * Reads labels.json, which is an array of names or an object from index to name, as config.json's id2label; or a file with a name a
 * line. Throws BAD_DATA.
 * @param {string} text of the file
 * @param {string} path
 * @returns {string[]} by index; none twice
 */
export function readLabels(text, path) {
  const isJson = extname(path).toLowerCase() === '.json' || /^\s*[[{]/.test(text);
  const labels = isJson ? fromJson(text, path) : splitLines(text.trimEnd()).map((line) => line.trim());
  const badLabel = (/** @type {number} */ index, /** @type {string} */ problem) =>
    isJson ? badFile(path, `label ${index}: ${problem}`) : badLine(path, index + 1, problem);
  const before = new Set();
  labels.forEach((label, index) => {
    if (typeof label !== 'string' || label === '') throw badLabel(index, 'the label is empty, or no string');
    if (before.has(label)) throw badLabel(index, `the label "${label}" occurs twice`);
    before.add(label);
  });
  return labels;
}

/**
 * @param {string} text
 * @param {string} path
 * @returns {string[]} not yet checked
 */
function fromJson(text, path) {
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    // What is not JSON is reported below, as any value that is neither an array nor an object.
  }
  if (typeof value !== 'object' || value === null) {
    throw badFile(
      path,
      'this is not JSON; labels are ["…", "…"], {"0": "…", "1": "…"}, or a name per line in another file',
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

/** The labels of an example, or its tags. */
export const labelsOf = (/** @type {Labelled} */ { label, labels, tags }) =>
  label === undefined ? (labels ?? tags ?? []) : [label];

/**
 * Throws BAD_LABELS if an example has a label that a head doesn't know: it may be of another data set, or from a wrong column. Of tags
 * it must know the type; they may be written in another scheme.
 * @param {Labelled[]} examples
 * @param {string} path their file
 * @param {Iterable<string>} labels of the head
 */
export function checkLabels(examples, path, labels) {
  const known = new Set(labels);
  const types = new Set([...known].map((tag) => parseTag(tag).type).concat(''));
  for (const example of examples) {
    const isKnown = (/** @type {string} */ label) =>
      example.tags ? types.has(parseTag(label).type) : known.has(label);
    const unknown = labelsOf(example).find((label) => !isKnown(label));
    if (unknown === undefined) continue;
    throw new BertletError(
      'BAD_LABELS',
      `${path}, line ${example.line}: the label "${unknown}" did not occur in training, whose labels are ${listed([...known])}.`,
    );
  }
}

/**
 * Replaces indices by names, for data with a file of labels beside it. Labels that are names already stay. Throws BAD_LABELS if a label
 * is neither.
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
      const problem = `the label "${label}" is neither one of ${listed(labels)} nor the index of one`;
      throw new BertletError('BAD_LABELS', `${path}, line ${example.line}: ${problem}.`);
    };
    if (example.label !== undefined) example.label = nameOf(example.label);
    if (example.labels) example.labels = example.labels.map(nameOf);
    if (example.tags) example.tags = example.tags.map(nameOf);
  }
}

/** The first labels, and how many there are, for messages. @param {string[]} labels */
function listed(labels) {
  const first = labels.slice(0, 5).map((label) => `"${label}"`);
  return first.join(', ') + (labels.length > first.length ? `, … (${labels.length} in all)` : '');
}
