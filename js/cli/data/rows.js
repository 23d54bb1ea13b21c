// Reads the rows of tables: TSV, and CSV with any delimiter.
import { parse } from 'csv-parse/sync';
import { splitLines } from '../lib/lines.js';
import { badLine } from './bad-data.js';

/** @typedef {{ cells: string[], line: number }} Row line: its first line in the file, from 1 */

/** What may stand between cells, the most usual first. */
const DELIMITERS = [',', ';', '\t', '|'];

/** How much of a file its delimiter is found by. */
const SAMPLE = { characters: 200_000, rows: 200 };

/**
 * The rows that are not empty, without cells that are empty in all rows at the end. TSV has no quotes, unless its rows are in order only
 * with them; those of CSV are as in RFC 4180. A first line such as "sep=;" (Excel's) names the delimiter. Throws BAD_DATA for wrong quotes.
 * @param {'tsv' | 'csv'} format
 * @param {string} text
 * @param {string} path
 * @param {string} [delimiter] one character; default: a tab in TSV, in CSV the one that makes the most even rows
 * @returns {{ rows: Row[], delimiter: string }}
 */
export function readRows(format, text, path, delimiter) {
  const [unified, named] = unify(text);
  const chosen = delimiter ?? named ?? (format === 'tsv' ? '\t' : findDelimiter(unified));
  const rows = chosen === '\t' && format === 'tsv' ? tabRows(unified) : csvRows(unified, path, chosen);
  return { rows: trimEmpty(rows), delimiter: chosen };
}

/**
 * A text with line ends that the parsers know, and the delimiter that its first line names.
 * @param {string} text
 * @returns {[text: string, delimiter: string | undefined]}
 */
function unify(text) {
  const unified = text.includes('\n') ? text : text.replaceAll('\r', '\n'); // old Macs' line ends
  const naming = /^"?sep=([^\r\n])"?\r?\n/i.exec(unified);
  // Its line end stays, so that lines are counted rightly.
  return naming ? [`\n${unified.slice(naming[0].length)}`, naming[1]] : [unified, undefined];
}

/**
 * The delimiter with which most rows have the same number of cells, two or more; of several the one that makes a column of the fewest
 * values, as labels are.
 * @param {string} text
 */
function findDelimiter(text) {
  const sample = text.slice(0, SAMPLE.characters);
  let best = { delimiter: ',', share: 0, distinct: Infinity };
  for (const delimiter of DELIMITERS.filter((one) => sample.includes(one))) {
    /** @type {string[][]} */
    const rows = [];
    const add = (/** @type {string[]} */ cells) => void rows.push(cells);
    try {
      parse(sample, { ...options, delimiter, relax_quotes: true, to: SAMPLE.rows, on_record: add });
    } catch {
      // The rows before a quote that is not closed, maybe where the sample is cut, are enough.
    }
    const counts = rows.map(({ length }) => length);
    const shareOf = (/** @type {number} */ count) => counts.filter((one) => one === count).length / rows.length;
    const width = [...new Set(counts)].filter((count) => count > 1).sort((a, b) => shareOf(b) - shareOf(a))[0];
    if (width === undefined) continue;
    const share = shareOf(width);
    const columns = Array.from({ length: width }, (_, i) => new Set(rows.map((cells) => cells[i])).size);
    const distinct = Math.min(...columns.filter((values, i) => values > 1 || rows.some((cells) => cells[i])));
    if (share > best.share || (share === best.share && distinct < best.distinct)) best = { delimiter, share, distinct };
  }
  return best.delimiter;
}

const options = { record_delimiter: ['\r\n', '\n'], skip_empty_lines: true, relax_column_count: true };

/** A cell in quotes with quotes in it, as spreadsheets write them. */
const QUOTED = /^"(?:[^"]|"")*""(?:[^"]|"")*"$/;

/**
 * The rows of TSV. Spreadsheets put cells in quotes that hold line ends, tabs or quotes.
 * @param {string} text
 * @returns {Row[]}
 */
function tabRows(text) {
  const rows = splitLines(text)
    .map((row, index) => ({ cells: row.split('\t'), line: index + 1 }))
    .filter(({ cells }) => cells.length > 1 || cells[0].trim() !== '');
  const isEven = (/** @type {Row[]} */ list) => list.every(({ cells }) => cells.length === list[0].cells.length);
  if (!text.includes('"') || (isEven(rows) && !rows.some(({ cells }) => cells.some((cell) => QUOTED.test(cell)))))
    return rows;
  try {
    const quoted = csvRows(text, '', '\t');
    return isEven(quoted) && quoted[0]?.cells.length > 1 ? quoted : rows;
  } catch {
    return rows; // its quotes belong to the texts
  }
}

/**
 * @param {string} text
 * @param {string} path
 * @param {string} delimiter
 * @returns {Row[]}
 */
function csvRows(text, path, delimiter) {
  /** @type {Row[]} */
  const rows = [];
  let nextLine = 1;
  try {
    parse(text, {
      ...options,
      delimiter,
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
 * Without rows whose cells are all empty, and without the columns at the end that are: Excel keeps what was once formatted.
 * @param {Row[]} rows
 * @returns {Row[]}
 */
function trimEmpty(rows) {
  const filled = rows.filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  const widthOf = (/** @type {Row} */ { cells }) => cells.findLastIndex((cell) => cell.trim() !== '') + 1;
  const width = filled.reduce((most, row) => Math.max(most, widthOf(row)), 0);
  // A row of two cells stays one, although all labels may be empty.
  return filled.map(({ cells, line }) => ({ cells: cells.slice(0, Math.max(width, 2)), line }));
}
