// Which columns of a table hold the texts and the labels or numbers, and whether its first row names them.
import { range } from '../../base/numbers.js';
import { badFile } from './bad-data.js';

/** @typedef {import('./rows.js').Row} Row */

/**
 * @typedef {object} TableOptions what the caller says of a table
 * @property {boolean} [header] whether the first row names the columns; default: found
 * @property {string} [textColumn] name of the column, or its number from 1; default: found
 * @property {string} [textPairColumn] likewise, of the second texts of pairs; default: by its name only
 * @property {string} [labelColumn] likewise, of the labels or numbers
 * @property {string} [delimiter] one character; default: found
 */

/**
 * @typedef {object} Columns
 * @property {boolean} header whether the first row names them
 * @property {number} text index from 0
 * @property {number} textPair -1: there are no pairs
 * @property {number} label of the labels or numbers
 * @property {string} [note] what was found by looks only, and may be wrong
 */

/** Names by which columns are known, in lower case, the plainest first. */
const NAMES = {
  text:
    'text sentence review content message comment body document utterance tweet post query question premise text1 text_1 text_a ' +
    'sentence1 sentence_1 question1 review_text review_body description headline phrase input title subject summary',
  textPair: 'text_pair textpair text2 text_2 text_b sentence2 sentence_2 question2 hypothesis',
  label:
    'label labels category categories class classes sentiment target intent topic emotion emotions tag tags language ' +
    'label_text label_name class_name classification polarity output rating stars score y',
  score:
    'score scores similarity similarity_score relatedness_score rating stars value number label labels target output y',
};

/** What a text has beside it. @typedef {'label' | 'score'} Target */

/** Whether a cell holds a number as \`Number\` reads it, in decimal digits. */
export const isNumeric = (/** @type {string | undefined} */ cell = '') =>
  /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(cell.trim()) && Number.isFinite(Number(cell));

/** Names of columns that number the rows. */
const INDEX = ['', 'id', 'idx', 'index', 'nr', 'no', '#', 'row', 'unnamed: 0'];

/** How a column's name is compared. */
export const nameOf = (/** @type {string} */ cell) => cell.trim().toLowerCase();

/**
 * Which columns of a table hold what. Throws BAD_DATA where nothing tells them.
 * @param {Row[]} rows with the header, if there is one
 * @param {string} path
 * @param {TableOptions} [given]
 * @param {Target} [target]
 * @returns {Columns}
 */
export function findColumns(rows, path, given = {}, target = 'label') {
  const { header } = given;
  const first = rows[0].cells;
  const names = first.map(nameOf);
  const known = (/** @type {keyof typeof NAMES} */ kind) => {
    const name = NAMES[kind].split(' ').find((one) => names.includes(one));
    return name === undefined ? -1 : names.indexOf(name);
  };
  const { text, pair, label, named } = givenColumns(first, path, given, target);
  const looks =
    header ??
    (named ||
      (target === 'score'
        ? isHeaderOfNumbers(rows, known('text'), label ?? known('score'))
        : isHeader(rows, known('text'), known('label'))));
  if (!looks) {
    const isDoubtful = header === undefined && target === 'label';
    return { ...withoutHeader(rows, text, pair, label), ...(isDoubtful && doubt(rows, known('label'))) };
  }
  const columns = withHeader(rows, path, { text, pair, label }, known, target);
  if (looks !== 'maybe') return columns;
  return {
    ...columns,
    note: `${quoted(first)} is taken for the names of the columns; --header false makes it an example`,
  };
}

const isNumber = (/** @type {string} */ column) => /^\d+$/.test(column);

/**
 * Where the columns are that the caller names. Throws BAD_DATA if there is no such column, or two are the same.
 * @param {string[]} first row
 * @param {string} path
 * @param {TableOptions} given
 * @param {Target} target
 * @returns {{ text?: number, pair?: number, label?: number, named: boolean }} `named`: one of them by a name, so that the first row has names
 */
export function givenColumns(first, path, { header, textColumn, textPairColumn, labelColumn }, target) {
  const place = (/** @type {string | undefined} */ column) => {
    if (column === undefined) return undefined;
    const found = header === false ? -1 : indexOfName(first, column);
    if (found >= 0) return found;
    if (isNumber(column) && Number(column) >= 1 && Number(column) <= first.length) return Number(column) - 1;
    throw badFile(path, `there is no column "${column}"; the first row has ${listed(first)}`);
  };
  const [text, pair, label] = [place(textColumn), place(textPairColumn), place(labelColumn)];
  const places = [text, pair, label].filter((column) => column !== undefined);
  if (new Set(places).size < places.length)
    throw badFile(path, `text${pair === undefined ? '' : ', pair'} and ${target} are the same column`);
  const named = [textColumn, textPairColumn, labelColumn].some((column) => column !== undefined && !isNumber(column));
  return { text, pair, label, named };
}

/** A row for messages. @param {string[]} cells */
export const listed = (cells) => cells.map((cell) => `"${cell.trim()}"`).join(', ');
export const quoted = (/** @type {string[]} */ cells) => `the first row (${listed(cells)})`;

/**
 * Where a column is by its name: as it is written, or else in other case.
 * @param {string[]} cells
 * @param {string} name
 */
function indexOfName(cells, name) {
  const exact = cells.findIndex((cell) => cell.trim() === name.trim());
  return exact >= 0 ? exact : cells.map(nameOf).indexOf(nameOf(name));
}

/**
 * @param {Row[]} rows
 * @param {string} path
 * @param {{ text?: number, pair?: number, label?: number }} given
 * @param {(kind: keyof typeof NAMES) => number} known
 * @param {Target} target
 * @returns {Columns}
 */
function withHeader(rows, path, given, known, target) {
  const names = rows[0].cells.map(nameOf);
  let text = given.text ?? known('text');
  let label = given.label ?? known(target);
  if (given.label !== undefined && text === label) text = -1;
  if (given.text !== undefined && text === label) label = -1;
  if (given.pair !== undefined && text === given.pair) text = -1;
  if (given.pair !== undefined && label === given.pair) label = -1;
  const textPair = given.pair ?? (given.text === undefined ? known('textPair') : -1);
  const free = names
    .map((_, column) => column)
    .filter((column) => ![text, label, textPair].includes(column) && !isIndex(rows, column));
  const ofNumbers = free.filter((column) => rows.slice(1).every(({ cells }) => isNumeric(cells[column])));
  if (target === 'score' && label < 0 && ofNumbers.length === 1) label = ofNumbers[0];
  const others = free.filter((column) => column !== label);
  const cantTell = (/** @type {string} */ which) =>
    badFile(
      path,
      `of the columns ${listed(rows[0].cells)} none tells where ${which}; ` +
        `name them text and ${target}, or say it with --text-column and --label-column`,
    );
  if (text < 0 && label < 0) {
    if (others.length !== 2) throw cantTell(`texts and ${target}s are`);
    [text, label] = meanLength(rows, others[0]) >= meanLength(rows, others[1]) ? others : [others[1], others[0]];
  } else if (text < 0 || label < 0) {
    if (others.length !== 1) throw cantTell(text < 0 ? 'the texts are' : `the ${target}s are`);
    if (text < 0) text = others[0];
    else label = others[0];
  }
  return { header: true, text, textPair, label };
}

/**
 * @param {Row[]} rows
 * @param {number | undefined} text
 * @param {number | undefined} pair
 * @param {number | undefined} label
 * @returns {Columns}
 */
function withoutHeader(rows, text, pair, label) {
  const width = rows[0].cells.length;
  const offset = width === 3 && pair === undefined && counts(rows, 0) ? 1 : 0;
  const last = pair === undefined ? 2 : 3;
  const free = range(offset, offset + last).filter((column) => ![text, pair, label].includes(column));
  const [first, second] = text === undefined ? [free[0], label ?? free[1]] : [text, label ?? free[0]];
  return { header: false, text: first, textPair: pair ?? -1, label: second };
}

/**
 * Whether the first row names the columns of a table of numbers, where it has none; 'maybe' where only that says so.
 * @param {Row[]} rows
 * @param {number} text index of a cell that is called as texts are, or -1
 * @param {number} score likewise, or given
 * @returns {boolean | 'maybe'}
 */
function isHeaderOfNumbers([{ cells }], text, score) {
  if (score >= 0 ? isNumeric(cells[score]) : cells.some(isNumeric)) return false;
  return text >= 0 || score >= 0 || 'maybe';
}

/**
 * Whether the first row names the columns; 'maybe' where only its looks say so.
 * @param {Row[]} rows
 * @param {number} text index of a cell that is called as texts are, or -1
 * @param {number} label likewise
 * @returns {boolean | 'maybe'}
 */
function isHeader(rows, text, label) {
  const [{ cells: first }, ...others] = rows;
  const column = (/** @type {number} */ i) => others.map(({ cells }) => (cells[i] ?? '').trim());
  const isNew = (/** @type {number} */ i) => !column(i).includes(first[i].trim());
  // "title,topic" may be an example of the label "topic"; "text,label" is none.
  if (text >= 0 && label >= 0) return isNew(label) || nameOf(first[label]).startsWith('label');
  if (rows.length < 3) return false;
  if (text >= 0 || label >= 0) return first.every((_, i) => isNew(i));
  // Cells that are names rather than texts, over a column of few labels in which they don't occur, or of numbers.
  if (!first.every((cell) => /^[\p{L}\p{N}_#.:-]*( [\p{L}\p{N}_#.:-]+)?$/u.test(cell.trim()))) return false;
  const overLabels = first.some((cell, i) => {
    const values = column(i);
    if (!isNew(i) || !/\p{L}/u.test(cell) || counts(rows.slice(1), i)) return false;
    const numbers = values.every((value) => /^-?\d+([.,]\d+)?$/.test(value));
    return numbers || (rows.length > 4 && new Set(values).size <= values.length / 2);
  });
  const overTexts = first.some((cell, i) => isNew(i) && meanLength(others, i) > 2 * Math.max(cell.length, 5));
  return overLabels && overTexts ? 'maybe' : false;
}

/**
 * A note where a first row looks a little like a header.
 * @param {Row[]} rows
 * @param {number} label index of its cell that is called as labels are, or -1
 */
function doubt(rows, label) {
  const { cells } = rows[0];
  const occurs = cells.some((cell, i) => rows.slice(1).some((row) => row.cells[i]?.trim() === cell.trim()));
  if (label < 0 || rows.length < 2 || occurs) return {};
  return { note: `${quoted(cells)} is taken for an example; --header true makes it the names of the columns` };
}

/**
 * Whether a column with a name numbers the rows, by its name or its numbers.
 * @param {Row[]} rows with the header
 * @param {number} column
 */
export const isIndex = (rows, column) => INDEX.includes(nameOf(rows[0].cells[column])) || counts(rows.slice(1), column);

/**
 * Whether a column counts the rows: 0, 1, 2, ...
 * @param {Row[]} rows
 * @param {number} column
 */
export function counts(rows, column) {
  const start = Number(rows[0]?.cells[column]);
  return (
    rows.length > 2 &&
    rows.every(({ cells }, i) => /^\d+$/.test(cells[column] ?? '') && Number(cells[column]) === start + i)
  );
}

/**
 * @param {Row[]} rows
 * @param {number} column
 */
const meanLength = (rows, column) =>
  rows.reduce((sum, { cells }) => sum + (cells[column] ?? '').trim().length, 0) / rows.length;
