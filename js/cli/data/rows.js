// Reads the rows of TSV and CSV.
import { parse as parseCsv } from 'csv-parse/sync';
import { splitLines } from '../lib/files.js';
import { badLine } from './bad-data.js';

/** @typedef {{ cells: string[], line: number }} Row line: its first line in the file, from 1 */

/**
 * The rows that are not empty. TSV has no quotes; those of CSV are as in RFC 4180. Throws BAD_DATA for wrong quotes.
 * @param {'tsv' | 'csv'} format
 * @param {string} text
 * @param {string} path
 * @returns {Row[]}
 */
export function readRows(format, text, path) {
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
