// Reads labelled texts and pairs of texts, with one label each or several, from TSV, CSV and JSON Lines.
import { badLine } from './bad-data.js';
import { readJsonLines } from './json-lines.js';
import { readRows } from './rows.js';

/** @typedef {'tsv' | 'csv' | 'jsonl'} TableFormat */
/** @typedef {{ text: string, textPair?: string, label: string, line: number }} Example line: its first line in the
 *   file, from 1 */
/** @typedef {{ text: string, textPair?: string, labels: string[], line: number }} MultiLabelExample */

/** Names of columns. */
const names = { text: ['text'], textPair: ['text_pair', 'textpair'], label: ['label', 'labels'] };

/**
 * Reads examples with one label each. White space around a label is dropped. If the first row has the cells "text" and "label", it is a
 * header, and a column "text_pair" makes pairs; without a header, the columns are text and label. Throws BAD_DATA.
 *   tsv    text<TAB>label
 *   csv    text,label
 *   jsonl  {"text": ..., "label": ...} a line, with "text_pair" for a pair; the label is a string or a number
 * @param {TableFormat} format
 * @param {string} text of the file
 * @param {string} path
 * @param {(message: string) => void} warn
 * @returns {Example[]}
 */
export function readClassification(format, text, path, warn) {
  if (format !== 'jsonl') {
    return readTable(format, text, path, warn).map(({ cell, ...example }) => {
      return { ...example, label: checkLabel(cell, path, example.line) };
    });
  }
  return readJsonLines(text, path, '{"text": "…", "label": "…"}').map(({ value, line }) => {
    const { label } = { ...value };
    const texts = textsOf(value, path, line);
    if (typeof label !== 'string' && typeof label !== 'number') {
      const several = Array.isArray({ ...value }.labels) ? '; for several labels there is --task multi-label' : '';
      throw badLine(path, line, `there is no "label" with a string or a number in it${several}`);
    }
    return { ...texts, label: checkLabel(String(label), path, line), line };
  });
}

/**
 * Reads examples with any number of labels, or none. Throws BAD_DATA.
 *   tsv, csv  as above, with commas between labels; the column may also be called "labels"
 *   jsonl     {"text": ..., "labels": [...]} a line
 * @param {TableFormat} format
 * @param {string} text of the file
 * @param {string} path
 * @param {(message: string) => void} warn
 * @returns {MultiLabelExample[]}
 */
export function readMultiLabel(format, text, path, warn) {
  if (format !== 'jsonl') {
    return readTable(format, text, path, warn).map(({ cell, ...example }) => {
      const labels = cell.trim() === '' ? [] : cell.split(',');
      return { ...example, labels: checkLabelList(labels, path, example.line) };
    });
  }
  return readJsonLines(text, path, '{"text": "…", "labels": ["…"]}').map(({ value, line }) => {
    const { labels } = { ...value };
    const texts = textsOf(value, path, line);
    if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string' || typeof label === 'number')) {
      throw badLine(path, line, 'there is no "labels" with an array of strings or numbers in it');
    }
    return { ...texts, labels: checkLabelList(labels.map(String), path, line), line };
  });
}

/**
 * The text or pair of an object.
 * @param {any} value
 * @param {string} path
 * @param {number} line
 * @returns {{ text: string, textPair?: string }}
 */
function textsOf(value, path, line) {
  const { text, textPair, text_pair: pair = textPair } = { ...value };
  if (typeof text !== 'string') throw badLine(path, line, 'there is no "text" with a string in it');
  if (pair !== undefined && typeof pair !== 'string') throw badLine(path, line, 'the "text_pair" is not a string');
  return pair === undefined ? { text } : { text, textPair: pair };
}

/**
 * The rows of a table, without its header.
 * @param {'tsv' | 'csv'} format
 * @param {string} text
 * @param {string} path
 * @param {(message: string) => void} warn
 * @returns {{ text: string, textPair?: string, cell: string, line: number }[]} cell: of the label or labels
 */
function readTable(format, text, path, warn) {
  const rows = readRows(format, text, path);
  const header = rows[0].cells.map((cell) => cell.trim().toLowerCase());
  const indexOf = (/** @type {string[]} */ wanted) => header.findIndex((name) => wanted.includes(name));
  const hasHeader = indexOf(names.text) >= 0 && indexOf(names.label) >= 0;
  const columnCount = hasHeader ? header.length : 2;
  const columns = hasHeader
    ? { text: indexOf(names.text), textPair: indexOf(names.textPair), label: indexOf(names.label) }
    : { text: 0, textPair: -1, label: 1 };
  // A header that is not recognized, such as GLUE's "sentence<TAB>label", would be the only example of a class called "label".
  const isLabel = (/** @type {import('./rows.js').Row} */ { cells }) =>
    names.label.includes(cells[1]?.trim().toLowerCase());
  if (!hasHeader && rows.length > 1 && rows.findLastIndex(isLabel) === 0) {
    const [first, second] = rows[0].cells;
    warn(
      `${path}, line ${rows[0].line}: "${first}" with the label "${second}" is taken for an example. If it is a header, name its columns text and label.`,
    );
  }
  return rows.slice(hasHeader ? 1 : 0).map(({ cells, line }) => {
    if (cells.length !== columnCount)
      throw badLine(path, line, columnProblem(cells.length, columnCount, hasHeader, format));
    const example = { text: cells[columns.text], cell: cells[columns.label], line };
    return columns.textPair < 0 ? example : { ...example, textPair: cells[columns.textPair] };
  });
}

/**
 * Why a row's number of columns is wrong.
 * @param {number} found
 * @param {number} expected
 * @param {boolean} hasHeader
 * @param {'tsv' | 'csv'} format
 */
function columnProblem(found, expected, hasHeader, format) {
  const count = `${found} ${found === 1 ? 'column' : 'columns'}`;
  if (hasHeader) return `${count}, but the header names ${expected}`;
  const shape = format === 'tsv' ? 'text<TAB>label' : 'text,label';
  const remedy =
    format === 'csv' && found > expected
      ? '; put a text, or several labels, with a comma in it in quotes'
      : '; --format overrides what the file is taken for';
  return `${count} where ${format.toUpperCase()} has two, ${shape}${remedy}`;
}

/**
 * A label without white space around it. Throws BAD_DATA if it is empty.
 * @param {string} label
 * @param {string} path
 * @param {number} line
 */
function checkLabel(label, path, line) {
  const trimmed = label.trim();
  if (trimmed === '') throw badLine(path, line, 'the label is empty');
  return trimmed;
}

/**
 * The labels of one example. Throws BAD_DATA if one is empty or occurs twice.
 * @param {string[]} labels
 * @param {string} path
 * @param {number} line
 */
function checkLabelList(labels, path, line) {
  const checked = labels.map((label) => checkLabel(label, path, line));
  const twice = checked.find((label, i) => checked.indexOf(label) < i);
  if (twice !== undefined) throw badLine(path, line, `the label "${twice}" occurs twice`);
  return checked;
}
