// Reads texts and pairs of texts, with one label each, several, or a number, from TSV, CSV and JSON Lines.
import { badLine } from './bad-data.js';
import { findColumns, isNumeric } from './columns.js';
import { readJsonLines } from './json-lines.js';
import { readRows } from './rows.js';

/** @typedef {import('./columns.js').TableOptions} TableOptions */
/** @typedef {'tsv' | 'csv' | 'jsonl'} TableFormat */
/** @typedef {{ text: string, textPair?: string, label: string, line: number }} Example line: its first line in the
 *   file, from 1 */
/** @typedef {{ text: string, textPair?: string, labels: string[], line: number }} MultiLabelExample */
/** @typedef {{ text: string, textPair?: string, score: number, line: number }} ScoredExample */

/**
 * Reads examples with one label each. White space around a label is dropped. A first row that names the columns is a header; a column
 * "text_pair" makes pairs. Without a header, the columns are text and label. Throws BAD_DATA.
 *   tsv    text<TAB>label
 *   csv    text,label
 *   jsonl  {"text": ..., "label": ...} a line, with "text_pair" for a pair; the label is a string or a number
 * @param {TableFormat} format
 * @param {string} text of the file
 * @param {string} path
 * @param {(message: string) => void} warn
 * @param {TableOptions} [table]
 * @returns {Example[]}
 */
export function readClassification(format, text, path, warn, table) {
  if (format !== 'jsonl') {
    return readTable(format, text, path, warn, table).map(({ cell, ...example }) => {
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
 * @param {TableOptions} [table]
 * @returns {MultiLabelExample[]}
 */
export function readMultiLabel(format, text, path, warn, table) {
  if (format !== 'jsonl') {
    return readTable(format, text, path, warn, table).map(({ cell, ...example }) => {
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
 * Reads examples with a number each. Throws BAD_DATA.
 *   tsv, csv  text and number; a column "text_pair" makes pairs
 *   jsonl     {"text": ..., "score": ...} a line
 * @param {TableFormat} format
 * @param {string} text of the file
 * @param {string} path
 * @param {(message: string) => void} warn
 * @param {TableOptions} [table]
 * @returns {ScoredExample[]}
 */
export function readScored(format, text, path, warn, table) {
  if (format !== 'jsonl') {
    return readTable(format, text, path, warn, table, 'score').map(({ cell, ...example }) => {
      if (isNumeric(cell)) return { ...example, score: Number(cell) };
      const problem = `"${cell.trim()}" is no number such as 3.5; --label-column says where numbers are`;
      throw badLine(path, example.line, problem);
    });
  }
  return readJsonLines(text, path, '{"text": "…", "score": 3.5}').map(({ value, line }) => {
    const { score } = { ...value };
    const texts = textsOf(value, path, line);
    if (!Number.isFinite(score)) throw badLine(path, line, 'there is no "score" with a number in it');
    return { ...texts, score, line };
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
 * @param {TableOptions} [options]
 * @param {import('./columns.js').Target} [target]
 * @returns {{ text: string, textPair?: string, cell: string, line: number }[]} cell: of the label, the labels or the number
 */
function readTable(format, text, path, warn, options, target = 'label') {
  const { rows, delimiter } = readRows(format, text, path, options?.delimiter);
  if (rows.length === 0) return [];
  const columns = findColumns(rows, path, options, target);
  if (columns.note) warn(`${path}, line ${rows[0].line}: ${columns.note}.`);
  const width = rows[0].cells.length;
  const places = [columns.text, columns.label, columns.textPair];
  // Without a header more columns than those that are read may be cells that were cut in two.
  const named = columns.header || options?.textColumn !== undefined || options?.labelColumn !== undefined;
  const expected = named || columns.text > 0 ? width : 2;
  return rows.slice(columns.header ? 1 : 0).map(({ cells, line }) => {
    if (cells.length !== expected || places.some((place) => place >= cells.length))
      throw badLine(path, line, columnProblem(cells.length, expected, columns.header, delimiter, target));
    const example = { text: cells[columns.text], cell: cells[columns.label], line };
    return columns.textPair < 0 ? example : { ...example, textPair: cells[columns.textPair] };
  });
}

/**
 * Why a row's number of columns is wrong.
 * @param {number} found
 * @param {number} expected
 * @param {boolean} hasHeader
 * @param {string} delimiter
 * @param {import('./columns.js').Target} target
 */
function columnProblem(found, expected, hasHeader, delimiter, target) {
  const count = `${found} ${found === 1 ? 'column' : 'columns'}`;
  if (hasHeader) return `${count}, but the header names ${expected}`;
  const [format, shape] = delimiter === '\t' ? ['TSV', `text<TAB>${target}`] : ['CSV', `text${delimiter}${target}`];
  const remedy =
    found < expected
      ? '; --format overrides what the file is taken for, --delimiter what stands between columns'
      : `; put a text, or several labels, with a "${delimiter}" in it in quotes, or say with --text-column and --label-column what to read`;
  const expects = expected === 2 ? `${format} has two, ${shape}` : `the first row has ${expected}`;
  return `${count} where ${expects}${remedy}`;
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
  const before = new Set();
  const twice = checked.find((label) => before.size === before.add(label).size);
  if (twice !== undefined) throw badLine(path, line, `the label "${twice}" occurs twice`);
  return checked;
}
