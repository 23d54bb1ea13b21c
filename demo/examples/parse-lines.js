// Pasted rows to labelled examples: tables as the command line reads them, and lines that somebody has typed.
import { parseTable } from './parse-table.js';
import { readRows } from './rows.js';

/** @typedef {import('./rows.js').Row} Row */
/** @typedef {import('./types.js').KindName} KindName */
/** @typedef {import('./types.js').Labelled} Labelled */

/**
 * @typedef {object} Parsed
 * @property {Labelled[]} examples
 * @property {string[]} unlabelled the rows in which no label was found, as they were pasted
 * @property {number[]} unclosed the lines, from 1, in which a quote opens that is never closed
 * @property {string} [problem] a sentence on why these are no examples
 */

/**
 * @param {string} pasted
 * @param {KindName} kind
 * @returns {Parsed}
 */
export const parseExamples = (pasted, kind) =>
  parseTable(pasted, kind) ?? (kind === 'pairs' ? parsePairs : parseLines)(pasted);

/**
 * @param {string} pasted rows `text<TAB>label` or `text,label`, in quotes or not; a first row that names the columns is passed over.
 *   A text that is not in quotes may have tabs or commas in it: the last one stands before the label.
 * @returns {Parsed}
 */
export const parseLines = (pasted) =>
  label(readRows(pasted), [/^text$/, /^label$/], ({ cells, delimiter, source }) => {
    if (cells.length < 2) return null;
    const last = cells[cells.length - 1];
    // The label may itself be in quotes, with a delimiter in it.
    const end = source.lastIndexOf(delimiter, source.length - last.length - 1);
    return { text: cells.length === 2 ? cells[0] : source.slice(0, end), label: last };
  });

/**
 * @param {string} pasted rows of two texts and a label, with tabs or commas between them; a first row that names the columns is
 *   passed over. A text with commas in it must be in quotes, if there are commas between them.
 * @returns {Parsed} `unlabelled`: also the rows with more cells
 */
export const parsePairs = (pasted) =>
  label(readRows(pasted), [/^text\w*$/, /^text\w*$/, /^label$/], ({ cells }) => {
    const [text, textPair, label] = cells;
    return cells.length === 3 ? { text, textPair, label } : null;
  });

/**
 * @param {Row[]} rows
 * @param {RegExp[]} columns what a first row that names them has in its cells
 * @param {(row: Row) => Labelled | null} read
 * @returns {Parsed}
 */
function label(rows, columns, read) {
  /** @type {Parsed} */
  const parsed = { examples: [], unlabelled: [], unclosed: [] };
  for (const [index, row] of rows.entries()) {
    if (index === 0 && isHeader(row, columns)) continue;
    const example = trimmed(read(row));
    if (example) parsed.examples.push(example);
    else parsed.unlabelled.push(row.source);
    if (row.unclosed) parsed.unclosed.push(row.line);
  }
  return parsed;
}

/**
 * @param {Row} row
 * @param {RegExp[]} columns
 */
function isHeader({ cells }, columns) {
  const names = cells.map((cell) => cell.trim().toLowerCase());
  return names.length === columns.length && columns.every((column, i) => column.test(names[i]));
}

/**
 * @param {Labelled | null} example
 * @returns {Labelled | null} null: a part of it is empty
 */
function trimmed(example) {
  if (!example) return null;
  const parts = Object.entries(example).map(([name, text]) => [name, text.trim()]);
  return parts.every(([, text]) => text !== '') ? Object.fromEntries(parts) : null;
}
