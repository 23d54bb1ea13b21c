// Labelled examples from a file: TSV, CSV or JSON Lines.
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { BertletError } from '../errors.js';
import { fileError } from '../file-error.js';
import { decode, splitLines } from './files.js';

/**
 * @typedef {'tsv' | 'csv' | 'jsonl'} Format
 * @typedef {{ text: string, label: string, line: number }} Example line: where it begins in its file, from 1
 * @typedef {{ cells: string[], line: number }} Row
 */

/** @type {Format[]} */
export const formats = ['tsv', 'csv', 'jsonl'];

/** @type {Record<string, Format>} */
const extensions = { '.tsv': 'tsv', '.csv': 'csv', '.jsonl': 'jsonl', '.ndjson': 'jsonl' };

/**
 * Reads a file of labelled examples; there is at least one. Empty lines don't count, and neither does white space around a
 * label. A first row with the cells "text" and "label" names the columns; without it they are text and label in this order.
 *   tsv    text<TAB>label, nothing is quoted
 *   csv    text,label, quoted as in RFC 4180
 *   jsonl  {"text": ..., "label": ...} a line; a label may be a string or a number
 * @param {string} path
 * @param {Format} [format] told by the extension or else by the first line when it is not given
 * @returns {Promise<Example[]>}
 */
export async function readExamples(path, format) {
  const bytes = await readFile(path).catch((error) => {
    throw fileError(error, path);
  });
  const text = decode(bytes, path);
  if (text.trim() === '') throw new BertletError('NO_EXAMPLES', `${path} is empty: there are no examples in it.`);
  const chosen = format ?? extensions[extname(path).toLowerCase()] ?? formatOf(text, path);
  const examples = chosen === 'jsonl' ? fromJsonLines(text, path) : fromRows(rowsOf(chosen, text, path), chosen, path);
  if (examples.length === 0) throw new BertletError('NO_EXAMPLES', `${path} holds nothing but a header.`);
  return examples;
}

/**
 * @param {string} text
 * @param {string} path
 * @returns {Format}
 */
function formatOf(text, path) {
  const first = text.trimStart().split('\n', 1)[0];
  if (first.startsWith('{')) return 'jsonl';
  if (first.includes('\t')) return 'tsv';
  if (first.includes(',')) return 'csv';
  throw new BertletError(
    'BAD_DATA',
    `${path} doesn't look like labelled examples. Each line should be text<TAB>label, or text,label, or ` +
      '{"text": "…", "label": "…"}; --format tsv, csv or jsonl says which.',
  );
}

/**
 * @param {string} text
 * @param {string} path
 * @returns {Example[]}
 */
function fromJsonLines(text, path) {
  return splitLines(text).flatMap((json, index) => {
    if (json.trim() === '') return [];
    const line = index + 1;
    let value;
    try {
      value = JSON.parse(json);
    } catch {
      throw badLine(path, line, 'this is not JSON; each line must be one object, {"text": "…", "label": "…"}');
    }
    if (typeof value?.text !== 'string') throw badLine(path, line, 'there is no "text" with a string in it');
    if (typeof value.label !== 'string' && typeof value.label !== 'number') {
      throw badLine(path, line, 'there is no "label" with a string or a number in it');
    }
    return [{ text: value.text, label: checkLabel(String(value.label), path, line), line }];
  });
}

/**
 * @param {'tsv' | 'csv'} format
 * @param {string} text
 * @param {string} path
 * @returns {Row[]}
 */
function rowsOf(format, text, path) {
  if (format === 'csv') return csvRows(text, path);
  return splitLines(text)
    .map((row, index) => ({ cells: row.split('\t'), line: index + 1 }))
    .filter(({ cells }) => cells.length > 1 || cells[0].trim() !== '');
}

/**
 * @param {string} text
 * @param {string} path
 * @returns {Row[]}
 */
function csvRows(text, path) {
  /** @type {Row[]} */
  const rows = [];
  let nextLine = 1;
  try {
    parseCsv(text, {
      record_delimiter: ['\r\n', '\n'],
      skip_empty_lines: true,
      relax_column_count: true,
      on_record: (/** @type {string[]} */ cells, { lines }) => {
        // csv-parse counts the line on which a record ends; a quoted cell may hold line ends.
        rows.push({ cells, line: lines - cells.join('').split('\n').length + 1 });
        nextLine = lines + 1;
      },
    });
  } catch (error) {
    const { code, lines } = /** @type {import('csv-parse/sync').CsvError} */ (error);
    const unclosed = code === 'CSV_QUOTE_NOT_CLOSED';
    throw badLine(
      path,
      unclosed ? nextLine : Number(lines),
      unclosed
        ? 'a quote (") opens in this row and is never closed'
        : 'a quote (") in the middle of a cell: put the whole cell in quotes and write "" for each quote in it',
    );
  }
  return rows;
}

/**
 * @param {Row[]} rows
 * @param {'tsv' | 'csv'} format
 * @param {string} path
 * @returns {Example[]}
 */
function fromRows(rows, format, path) {
  const names = rows[0].cells.map((cell) => cell.trim().toLowerCase());
  const hasHeader = names.includes('text') && names.includes('label');
  const columns = hasHeader ? names.length : 2;
  const textColumn = hasHeader ? names.indexOf('text') : 0;
  const labelColumn = hasHeader ? names.indexOf('label') : 1;
  return rows.slice(hasHeader ? 1 : 0).map(({ cells, line }) => {
    if (cells.length !== columns) throw badLine(path, line, columnProblem(cells.length, columns, hasHeader, format));
    return { text: cells[textColumn], label: checkLabel(cells[labelColumn], path, line), line };
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
      ? '; put a text that holds a comma in quotes'
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
 * @param {string} path
 * @param {number} line
 * @param {string} problem
 */
function badLine(path, line, problem) {
  return new BertletError('BAD_DATA', `${path}, line ${line}: ${problem}.`);
}

/**
 * For a long run over examples: shows how far it is, and which lines of their file it warns about.
 * @param {import('./main.js').Context} context
 * @param {string} path
 * @param {Example[]} examples
 */
export function listeners({ signal, progress }, path, examples) {
  return { signal, onProgress: progress.report, onWarning: progress.warnAbout(path, (index) => examples[index].line) };
}

/**
 * Refuses examples whose labels a head doesn't know: they come from another data set, or from a wrong column.
 * @param {Example[]} examples
 * @param {string} path their file
 * @param {Iterable<string>} labels of the head
 */
export function checkLabels(examples, path, labels) {
  const known = new Set(labels);
  const unknown = examples.find(({ label }) => !known.has(label));
  if (!unknown) return;
  const some = [...known].slice(0, 5).map((label) => `"${label}"`);
  const list = some.join(', ') + (known.size > some.length ? `, … (${known.size} in all)` : '');
  throw new BertletError(
    'BAD_LABELS',
    `${path}, line ${unknown.line}: the label "${unknown.label}" did not occur in training, whose labels are ${list}.`,
  );
}
