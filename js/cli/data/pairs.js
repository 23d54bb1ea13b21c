// Reads pairs of texts that belong together, or are alike to some degree, from TSV, CSV and JSON Lines.
import { badFile, badLine } from './bad-data.js';
import { isNumeric } from './columns.js';
import { readJsonLines } from './json-lines.js';
import { findPairColumns, knownNames } from './pair-columns.js';
import { readRows } from './rows.js';

/** @typedef {{ text: string, textPair: string, score?: number, negative?: string, line: number }} PairExample */

/**
 * Reads pairs: all with a score, or none; a negative does not belong to the text. Throws BAD_DATA.
 *   tsv, csv  text and pair, and perhaps scores or negatives; `findPairColumns` says which columns they are
 *   jsonl     {"text": ..., "text_pair": ...} a line, with "score" or "negative", or under other names that are known
 * @param {'tsv' | 'csv' | 'jsonl'} format
 * @param {string} text of the file
 * @param {string} path
 * @param {(message: string) => void} warn
 * @param {import('./columns.js').TableOptions} [table]
 * @param {number} [maxScore] the score that counts as 1, above which none may be; default: scores stay as they are, on any scale
 * @returns {PairExample[]}
 */
export function readPairs(format, text, path, warn, table, maxScore) {
  const pairs = format === 'jsonl' ? readLines(text, path) : readTable(format, text, path, warn, table);
  if (maxScore === undefined) return pairs;
  if (maxScore !== 1 && pairs.length > 0 && pairs[0].score === undefined)
    throw badFile(path, 'there are no scores, for which --max-score is');
  return pairs.map(({ score, ...pair }) => {
    if (score === undefined) return pair;
    if (score < 0)
      throw badLine(path, pair.line, `the score ${score} is below 0, which is that of texts with nothing in common`);
    if (score > maxScore)
      throw badLine(
        path,
        pair.line,
        `the score ${score} is above ${maxScore}, which is that of the same text; --max-score says which score is, such as 5`,
      );
    return { ...pair, score: score / maxScore };
  });
}

/**
 * @param {string} text
 * @param {string} path
 * @returns {PairExample[]}
 */
function readLines(text, path) {
  const lines = readJsonLines(text, path, '{"text": "…", "text_pair": "…"}').map(({ value, line }) => {
    const fields = Object.entries({ ...value });
    const known = knownNames(fields.map(([name]) => name));
    const valueOf = (/** @type {keyof typeof known} */ kind) => fields[known[kind]]?.[1];
    const [own, textPair, score, negative] = [
      valueOf('text'),
      valueOf('textPair'),
      valueOf('score'),
      valueOf('negative'),
    ];
    const isText = (/** @type {unknown} */ one) => typeof one === 'string';
    if (!isText(own)) throw badLine(path, line, 'there is no "text" with a string in it');
    if (!isText(textPair)) throw badLine(path, line, 'there is no "text_pair" with a string in it');
    if (negative !== undefined && !isText(negative)) throw badLine(path, line, 'the "negative" is not a string');
    if (score !== undefined && !Number.isFinite(score)) throw badLine(path, line, 'the "score" is not a number');
    if (score !== undefined && negative !== undefined)
      throw badLine(path, line, 'there are a "score" and a "negative"; a pair has one of them');
    return {
      text: own,
      textPair,
      ...(score !== undefined && { score }),
      ...(negative !== undefined && { negative }),
      line,
    };
  });
  const odd = lines.find(({ score }) => (score === undefined) !== (lines[0].score === undefined));
  if (!odd) return lines;
  const [has, lacks] = odd.score === undefined ? [lines[0], odd] : [odd, lines[0]];
  throw badLine(
    path,
    odd.line,
    `line ${has.line} has a score and line ${lacks.line} has none; all pairs have one, or none`,
  );
}

/**
 * @param {'tsv' | 'csv'} format
 * @param {string} text
 * @param {string} path
 * @param {(message: string) => void} warn
 * @param {import('./columns.js').TableOptions} [table]
 * @returns {PairExample[]}
 */
function readTable(format, text, path, warn, table) {
  const { rows, delimiter } = readRows(format, text, path, table?.delimiter);
  if (rows.length === 0) return [];
  const columns = findPairColumns(rows, path, table);
  for (const note of columns.notes) warn(`${path}, line ${rows[0].line}: ${note}.`);
  const width = rows[0].cells.length;
  return rows.slice(columns.header ? 1 : 0).map(({ cells, line }) => {
    if (cells.length !== width)
      throw badLine(
        path,
        line,
        `${cells.length} ${cells.length === 1 ? 'column' : 'columns'}, but the first row has ${width}; a text with a "${delimiter}" in it stands in quotes`,
      );
    const [score, negative] = [cells[columns.score], cells[columns.negative]];
    if (score !== undefined && !isNumeric(score))
      throw badLine(path, line, `"${score.trim()}" is no number such as 0.5; --label-column says where scores are`);
    return {
      text: cells[columns.text],
      textPair: cells[columns.textPair],
      ...(score !== undefined && { score: Number(score) }),
      ...(negative?.trim() && { negative }), // not every pair needs one
      line,
    };
  });
}
