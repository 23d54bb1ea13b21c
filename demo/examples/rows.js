// Pasted text to rows of cells: what a spreadsheet copies, what is in a CSV file, and lines that somebody has typed.
import { CsvError, parse } from 'csv-parse/browser/esm/sync';

/** @typedef {'\t' | ','} Delimiter */

/**
 * @typedef {object} Row
 * @property {string[]} cells without quotes around them, and without white space around those
 * @property {Delimiter} delimiter what stands between the cells
 * @property {string} source the row as it was pasted, of several lines if there are line ends in quotes
 * @property {number} line where it begins, from 1
 * @property {boolean} unclosed a quote opens in it and is never closed; the quotes in it are read like any other character
 */

/** @typedef {Row & { end: number }} Read end: index of the line after the row */

/** Cells in quotes, `"He said ""no"", twice"`. A quote in the middle of any other cell stands for itself. */
const QUOTED = { trim: true, relax_quotes: true };

/** The same, but a cell that goes on after its quotes, `"No", he said`, is read as it stands. */
const PARTLY_QUOTED = { relax_quotes: true };

const UNQUOTED = { quote: null };

/**
 * The rows that are not empty. Tabs stand between the cells of a row or, if it has none, commas.
 * @param {string} pasted
 * @returns {Row[]}
 */
export function readRows(pasted) {
  const lines = pasted.split(/\r\n|\r|\n/);
  /** @type {Row[]} */
  const rows = [];
  let delimiter = delimiterOf(pasted);
  let count = 1; // lines to read at once: more and more, as long as their delimiter and quotes are in order
  for (let at = nextFilled(lines, 0); at < lines.length; at = nextFilled(lines, at)) {
    const block = at + count;
    let read = readMany(lines, at, count, delimiter);
    if (read.length === 0) read = readMany(lines, at, 1, delimiter === ',' ? '\t' : ',');
    if (read.length === 0) read = [readLine(lines, at)];
    for (const { end, ...row } of read) {
      rows.push(row);
      at = end;
    }
    count = nextFilled(lines, at) >= block ? 2 * count : 1;
    delimiter = rows[rows.length - 1].delimiter;
  }
  return rows;
}

/**
 * The rows in some lines, before the first that has the other delimiter, or quotes that are not in order.
 * @param {string[]} lines
 * @param {number} start
 * @param {number} count of lines; more are read if the first row does not end in them
 * @param {Delimiter} delimiter
 * @returns {Read[]}
 */
function readMany(lines, start, count, delimiter) {
  const { rows, fault } = readBlock(lines, start, start + count, delimiter);
  if (rows.length === 0 && fault === 'CSV_QUOTE_NOT_CLOSED' && start + count < lines.length) {
    return readMany(lines, start, 2 * count, delimiter);
  }
  const other = rows.findIndex(({ cells, source }) =>
    delimiter === ',' ? source.includes('\t') : cells.length === 1 && source.includes(','),
  );
  return other < 0 ? rows : rows.slice(0, other);
}

/**
 * @param {string[]} lines
 * @param {number} start
 * @param {number} end
 * @param {Delimiter} delimiter
 * @returns {{ rows: Read[], fault: string | undefined }} those before the first whose quotes are not in order, if there is one
 */
function readBlock(lines, start, end, delimiter) {
  /** @type {Read[]} */
  const rows = [];
  let at = start;
  const { fault } = parseCells(lines.slice(start, end).join('\n'), {
    ...QUOTED,
    delimiter,
    on_record(cells, { lines: count }) {
      const first = nextFilled(lines, at);
      at = start + count; // the lines up to the end of this row
      if (first < at) rows.push(makeRow(lines, first, at, delimiter, cells));
    },
  });
  return { rows, fault };
}

/**
 * A line whose quotes are not in order, as a row.
 * @param {string[]} lines
 * @param {number} at
 * @returns {Read}
 */
function readLine(lines, at) {
  const delimiter = delimiterOf(lines[at]);
  const row = (/** @type {string[]} */ cells) => makeRow(lines, at, at + 1, delimiter, cells);
  const { rows, fault } = parseCells(lines[at], { ...PARTLY_QUOTED, delimiter });
  if (!fault) return row(rows[0]);
  return { ...row(parseCells(lines[at], { ...UNQUOTED, delimiter }).rows[0]), unclosed: true };
}

/**
 * @param {string} text
 * @param {import('csv-parse/browser/esm/sync').Options<string[]>} options
 * @returns {{ rows: string[][], fault?: string }} `fault`: what is wrong with the quotes, as csv-parse calls it; then there are no rows
 */
function parseCells(text, options) {
  try {
    return { rows: parse(text, { record_delimiter: '\n', relax_column_count: true, ...options }) };
  } catch (error) {
    if (error instanceof CsvError) return { rows: [], fault: error.code };
    throw error;
  }
}

/**
 * @param {string[]} lines
 * @param {number} start
 * @param {number} end
 * @param {Delimiter} delimiter
 * @param {string[]} cells
 * @returns {Read}
 */
const makeRow = (lines, start, end, delimiter, cells) => ({
  cells,
  delimiter,
  source: lines.slice(start, end).join('\n'),
  line: start + 1,
  unclosed: false,
  end,
});

/** @param {string} text @returns {Delimiter} */
const delimiterOf = (text) => (text.includes('\t') ? '\t' : ',');

/**
 * @param {string[]} lines
 * @param {number} at
 * @returns {number} index of the first line from there on that is not blank, or the number of lines
 */
function nextFilled(lines, at) {
  while (at < lines.length && lines[at].trim() === '') at += 1;
  return at;
}
