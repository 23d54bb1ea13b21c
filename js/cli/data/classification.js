// Labelled texts and pairs of texts, with one label or several.
import { badLine } from './bad-data.js';
import { readJsonLines } from './json-lines.js';
import { readRows } from './rows.js';

/** @typedef {'tsv' | 'csv' | 'jsonl'} TableFormat */
/** @typedef {{ text: string, textPair?: string, label: string, line: number }} Example line: where it begins in its file, from 1 */
/** @typedef {{ text: string, textPair?: string, labels: string[], line: number }} MultiLabelExample */

/** What a column, or a field of an object, is called. */
const names = { text: ['text'], textPair: ['text_pair', 'textpair'], label: ['label', 'labels'] };

/**
 * Examples with one label. White space around a label doesn't count. A first row with the cells "text" and "label", and
 * "text_pair" where there are pairs, names the columns; without it they are text and label.
 *   tsv    text<TAB>label
 *   csv    text,label
 *   jsonl  {"text": ..., "label": ...} a line, "text_pair" for a pair; a label may be a string or a number
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
 * Examples with any number of labels, none included.
 *   tsv, csv  as above, with commas between labels; the column may be called "labels" too
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
      return { ...example, labels: checkSet(labels, path, example.line) };
    });
  }
  return readJsonLines(text, path, '{"text": "…", "labels": ["…"]}').map(({ value, line }) => {
    const { labels } = { ...value };
    const texts = textsOf(value, path, line);
    if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string' || typeof label === 'number')) {
      throw badLine(path, line, 'there is no "labels" with an array of strings or numbers in it');
    }
    return { ...texts, labels: checkSet(labels.map(String), path, line), line };
  });
}

/**
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
 * @param {'tsv' | 'csv'} format
 * @param {string} text
 * @param {string} path
 * @param {(message: string) => void} warn
 * @returns {{ text: string, textPair?: string, cell: string, line: number }[]} cell: with the label, or the labels
 */
function readTable(format, text, path, warn) {
  const rows = readRows(format, text, path);
  const header = rows[0].cells.map((cell) => cell.trim().toLowerCase());
  const column = (/** @type {string[]} */ wanted) => header.findIndex((name) => wanted.includes(name));
  const hasHeader = column(names.text) >= 0 && column(names.label) >= 0;
  const columns = hasHeader ? header.length : 2;
  const at = hasHeader
    ? { text: column(names.text), textPair: column(names.textPair), label: column(names.label) }
    : { text: 0, textPair: -1, label: 1 };
  // "sentence<TAB>label", as GLUE has it, would be a class of one example.
  const isLabel = (/** @type {import('./rows.js').Row} */ { cells }) =>
    names.label.includes(cells[1]?.trim().toLowerCase());
  if (!hasHeader && rows.length > 1 && rows.findLastIndex(isLabel) === 0) {
    const [first, second] = rows[0].cells;
    warn(
      `${path}, line ${rows[0].line}: "${first}" with the label "${second}" is taken for an example. If it is a header, name its columns text and label.`,
    );
  }
  return rows.slice(hasHeader ? 1 : 0).map(({ cells, line }) => {
    if (cells.length !== columns) throw badLine(path, line, columnProblem(cells.length, columns, hasHeader, format));
    const example = { text: cells[at.text], cell: cells[at.label], line };
    return at.textPair < 0 ? example : { ...example, textPair: cells[at.textPair] };
  });
}

/**
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
 * @param {string[]} labels
 * @param {string} path
 * @param {number} line
 */
function checkSet(labels, path, line) {
  const checked = labels.map((label) => checkLabel(label, path, line));
  const twice = checked.find((label, i) => checked.indexOf(label) < i);
  if (twice !== undefined) throw badLine(path, line, `the label "${twice}" stands there twice`);
  return checked;
}
