// Which columns of a table hold pairs of texts, and what there is beside them: a score, or a text that does not belong.
import { range } from '../../base/numbers.js';
import { badFile } from './bad-data.js';
import { counts, givenColumns, isIndex, isNumeric, listed, nameOf, quoted } from './columns.js';

/** @typedef {import('./rows.js').Row} Row */

/**
 * @typedef {object} PairColumns
 * @property {number} text index from 0
 * @property {number} textPair
 * @property {number} score -1: there are no scores
 * @property {number} negative -1: there are no texts that do not belong
 */

/** Names by which columns and keys are known, in lower case, the plainest first. Those of sentence-transformers' data sets are among them. */
const NAMES = {
  text: 'text sentence1 sentence_1 sentence_a text1 text_1 text_a anchor query question question1 premise',
  textPair:
    'text_pair textpair sentence2 sentence_2 sentence_b text2 text_2 text_b positive answer passage response question2 hypothesis',
  score: 'score scores similarity similarity_score relatedness_score label labels rating',
  negative: 'negative',
};

/**
 * Where names are that are known, each -1 if there is none.
 * @param {string[]} given of columns or keys
 * @returns {PairColumns}
 */
export function knownNames(given) {
  const names = given.map(nameOf);
  const placeOf = (/** @type {keyof typeof NAMES} */ kind) => {
    const name = NAMES[kind].split(' ').find((one) => names.includes(one));
    return name === undefined ? -1 : names.indexOf(name);
  };
  return {
    text: placeOf('text'),
    textPair: placeOf('textPair'),
    score: placeOf('score'),
    negative: placeOf('negative'),
  };
}

/**
 * Which columns of a table of pairs hold what. Throws BAD_DATA where nothing tells them.
 *   with names in the first row   columns whose names are known, or given; of others, two columns of texts are the pair
 *   without                       two columns: a pair; a third one with a number in the first row: scores, else texts that do not belong
 * @param {Row[]} rows with the header, if there is one
 * @param {string} path
 * @param {import('./columns.js').TableOptions} [options]
 * @returns {PairColumns & { header: boolean, notes: string[] }} `notes`: what was found by looks only, and may be wrong
 */
export function findPairColumns(rows, path, options = {}) {
  const first = rows[0].cells;
  const { named, ...given } = givenColumns(first, path, options, 'score');
  const known = knownNames(first);
  const looks = options.header ?? (named || isHeader(rows, known, given.label));
  const columns = looks ? withHeader(rows, path, given, known) : withoutHeader(rows, path, given);
  /** @type {string[]} */
  const notes = [];
  if (looks === 'maybe')
    notes.push(`${quoted(first)} is taken for the names of the columns; --header false makes it an example`);
  else if (!looks && options.header === undefined && Math.max(...Object.values(known)) >= 0)
    notes.push(`${quoted(first)} is taken for an example; --header true makes it the names of the columns`);
  const { text, textPair, score, negative } = columns;
  const nameOfColumn = (/** @type {number} */ column) => (looks ? `"${first[column].trim()}"` : String(column + 1));
  if (score >= 0 && score !== given.label && score !== known.score && looks)
    notes.push(`the column ${nameOfColumn(score)} is taken for the scores; --label-column names another one`);
  if (negative >= 0 && !looks)
    notes.push(
      `the column ${nameOfColumn(negative)} is taken for texts that do not belong to those of the column ${nameOfColumn(text)}`,
    );
  const isNumbering = (/** @type {number} */ column) => (looks ? isIndex(rows, column) : counts(rows, column));
  const others = range(0, first.length).filter(
    (column) => ![text, textPair, score, negative].includes(column) && !isNumbering(column),
  );
  if (score < 0 && negative < 0 && others.length > 0)
    notes.push(
      `each text of the column ${nameOfColumn(text)} is taken to belong to that of the column ${nameOfColumn(textPair)}; ` +
        `${others.length === 1 ? 'the column' : 'the columns'} ${others.map(nameOfColumn).join(', ')} ${others.length === 1 ? 'is' : 'are'} not read (--label-column names the scores)`,
    );
  return { ...columns, header: Boolean(looks), notes };
}

/**
 * Whether the first row names the columns; 'maybe' where only numbers below it say so.
 * @param {Row[]} rows
 * @param {PairColumns} known
 * @param {number | undefined} score given
 * @returns {boolean | 'maybe'}
 */
function isHeader([{ cells }, ...others], known, score = known.score) {
  if (known.text >= 0 && known.textPair >= 0) return true;
  const isOverNumbers = (/** @type {number} */ column) =>
    others.length > 0 && !isNumeric(cells[column]) && others.every((row) => isNumeric(row.cells[column]));
  if (score >= 0) return isOverNumbers(score);
  return cells.some((_, column) => isOverNumbers(column)) && 'maybe';
}

/**
 * @param {Row[]} rows
 * @param {string} path
 * @param {{ text?: number, pair?: number, label?: number }} given
 * @param {PairColumns} known
 * @returns {PairColumns}
 */
function withHeader(rows, path, given, known) {
  const isGiven = (/** @type {number} */ column) => Object.values(given).includes(column);
  const knownOf = (/** @type {keyof PairColumns} */ kind) => (isGiven(known[kind]) ? -1 : known[kind]);
  let { text = knownOf('text'), pair: textPair = knownOf('textPair'), label: score = knownOf('score') } = given;
  const negative = given.label === undefined ? knownOf('negative') : -1;
  if (score >= 0 && negative >= 0)
    throw badFile(path, 'there are scores and negatives; pairs have one of them, so leave a column out');
  const isOfNumbers = (/** @type {number} */ column) => rows.slice(1).every(({ cells }) => isNumeric(cells[column]));
  const free = range(0, rows[0].cells.length).filter(
    (column) => !isGiven(column) && column !== score && column !== negative && !isIndex(rows, column),
  );
  const texts = free.filter((column) => rows.length === 1 || !isOfNumbers(column));
  if (given.text !== undefined || given.pair !== undefined) {
    const [only] = texts.length === 1 ? texts : [-1];
    if (text < 0) text = only;
    if (textPair < 0) textPair = only;
  } else if (text < 0 || textPair < 0) [text, textPair] = texts.length === 2 ? texts : [-1, -1];
  if (text < 0 || textPair < 0) throw cantTell(rows, path);
  const numbers = free.filter((column) => column !== text && column !== textPair && !texts.includes(column));
  if (score < 0 && negative < 0 && numbers.length === 1) [score] = numbers;
  return { text, textPair, score, negative };
}

/**
 * @param {Row[]} rows
 * @param {string} path
 * @param {{ text?: number, pair?: number, label?: number }} given
 * @returns {PairColumns}
 */
function withoutHeader(rows, path, { text, pair, label }) {
  const [{ cells }] = rows;
  const isGiven = [text, pair, label].some((column) => column !== undefined);
  const all = range(!isGiven && cells.length > 2 && counts(rows, 0) ? 1 : 0, cells.length);
  if (all.length < 2)
    throw badFile(
      path,
      'there is 1 column where pairs have two; --format overrides what the file is taken for, --delimiter what stands between columns',
    );
  if (!isGiven && all.length > 3)
    throw badFile(
      path,
      `there are ${all.length} columns where pairs have two, or three with a score or a negative; ` +
        '--text-column, --text-pair-column and --label-column say which to read',
    );
  const free = all.filter((column) => ![text, pair, label].includes(column));
  const first = text ?? free.shift();
  const second = pair ?? free.shift();
  if (first === undefined || second === undefined) throw cantTell(rows, path);
  const found = { text: first, textPair: second, score: label ?? -1, negative: -1 };
  const [third] = free;
  if (isGiven || third === undefined) return found;
  return isNumeric(cells[third]) ? { ...found, score: third } : { ...found, negative: third };
}

/** @param {Row[]} rows @param {string} path */
const cantTell = (rows, path) =>
  badFile(
    path,
    `of the columns ${listed(rows[0].cells)} none tells where the texts and their pairs are; ` +
      'name them text and text_pair, or say it with --text-column and --text-pair-column',
  );
