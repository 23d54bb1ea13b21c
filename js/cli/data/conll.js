// Reads sentences of tagged words, from CoNLL and JSON Lines.
import { splitLines } from '../lib/lines.js';
import { badLine } from './bad-data.js';
import { readJsonLines } from './json-lines.js';

/** @typedef {{ words: string[], tags: string[], line: number }} TaggedSentence line: its first line in the file, from 1 */

/**
 * Reads CoNLL: a word per line, with its tag in the last column, and an empty line after each sentence. Columns are separated by tabs, or
 * by spaces if the first line has no tab. A line that starts with -DOCSTART- begins a document and is no word. Throws BAD_DATA.
 * @param {string} text of the file
 * @param {string} path
 * @returns {TaggedSentence[]}
 */
export function readConll(text, path) {
  /** @type {TaggedSentence[]} */
  const sentences = [];
  /** @type {TaggedSentence | undefined} */
  let sentence;
  /** @type {RegExp | undefined} */
  let separator;
  let columns = 0;
  splitLines(text).forEach((row, index) => {
    const line = index + 1;
    if (row.trim() === '' || row.startsWith('-DOCSTART-')) {
      sentence = undefined;
      return;
    }
    separator ??= row.includes('\t') ? /\t/ : / +/;
    const cells = row.split(separator);
    columns ||= cells.length;
    if (columns < 2)
      throw badLine(
        path,
        line,
        'there is no tag; each line must be word<TAB>tag, or word and tag with a space between',
      );
    if (cells.length !== columns) {
      const count = `${cells.length} ${cells.length === 1 ? 'column' : 'columns'}`;
      throw badLine(
        path,
        line,
        `${count} where the lines before have ${columns}; each must be word, tag, with the same separator`,
      );
    }
    const [word, tag] = [cells[0].trim(), cells[columns - 1].trim()];
    if (word === '') throw badLine(path, line, 'the word is empty');
    if (tag === '') throw badLine(path, line, 'the tag is empty; a word outside of all entities has the tag O');
    if (!sentence) sentences.push((sentence = { words: [], tags: [], line }));
    sentence.words.push(word);
    sentence.tags.push(tag);
  });
  return sentences;
}

/**
 * Reads {"words": [...], "tags": [...]}, one per line. Throws BAD_DATA.
 * @param {string} text of the file
 * @param {string} path
 * @returns {TaggedSentence[]}
 */
export function readTaggedJsonLines(text, path) {
  return readJsonLines(text, path, '{"words": ["…"], "tags": ["…"]}').map(({ value, line }) => {
    const { words, tags } = { ...value };
    const wanted = [words, tags];
    if (!wanted.every((list) => Array.isArray(list) && list.every((item) => typeof item === 'string' && item !== ''))) {
      throw badLine(path, line, '"words" and "tags" must be arrays of strings that are not empty');
    }
    if (words.length !== tags.length) throw badLine(path, line, `${words.length} words and ${tags.length} tags`);
    if (words.length === 0) throw badLine(path, line, 'there are no words');
    return { words, tags, line };
  });
}
