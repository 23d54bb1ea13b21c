// Added tokens, which are searched in the text itself before it is normalized and split into words: those with normalized=False in
// Hugging Face's tokenizers.
import { SPECIAL } from '../core/abi.js';
import { BertletError } from '../errors.js';

/**
 * @typedef {object} AddedToken
 * @property {string} content
 * @property {number} id
 * @property {boolean} singleWord it is found only where no word character is beside it
 * @property {boolean} lstrip it includes the white space before it
 * @property {boolean} rstrip it includes the white space after it
 */

/**
 * A part of a text, in UTF-16 code units; `id`: it is this added token.
 * @typedef {{ start: number, end: number, id?: number }} Part
 */

/** The special tokens, which the core finds by itself. */
export const SPECIALS = Object.keys(SPECIAL).map((name) => `[${name}]`);

/**
 * Reads and checks a list of added tokens. Throws BAD_VOCABULARY.
 * @param {any[]} list as in tokenizer.json: content, id and flags
 * @param {string} location path or URL of the file, for messages
 * @returns {AddedToken[]} all of them; none if all are special tokens without flags, which the core finds by itself
 */
export function parseAddedTokens(list, location) {
  const tokens = list.map((entry) => {
    const {
      content,
      id,
      single_word: singleWord = false,
      lstrip = false,
      rstrip = false,
      normalized = false,
    } = entry ?? {};
    if (typeof content !== 'string' || content === '' || /[\r\n]/.test(content) || !Number.isInteger(id) || id < 0)
      throw new BertletError('BAD_VOCABULARY', `${location}: the added token ${JSON.stringify(entry)} is not valid.`);
    if (normalized && !SPECIALS.includes(content)) {
      throw new BertletError(
        'BAD_VOCABULARY',
        `${location}: the added token "${content}" is to be searched in normalized text, which bertlet can't do. ` +
          'Add it with normalized=False and save the tokenizer again.',
      );
    }
    return { content, id, singleWord, lstrip, rstrip };
  });
  const isPlainSpecial = (/** @type {AddedToken} */ { content, singleWord, lstrip, rstrip }) =>
    SPECIALS.includes(content) && !singleWord && !lstrip && !rstrip;
  return tokens.every(isPlainSpecial) ? [] : tokens;
}

/** Unicode's white space at the end, and at the beginning; JavaScript's `\s` lacks U+0085 and has U+FEFF. */
const SPACE_AT_END = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/;
const SPACE_AT_START = /^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*/;

/** A word character as Rust's regular expressions, and so Hugging Face's tokenizers, define it. */
const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

/** Finds added tokens in texts. */
export class AddedTokens {
  #tokens;
  #pattern;

  /** @param {AddedToken[]} tokens at least one */
  constructor(tokens) {
    // Longer ones first, so that the longest of those that match at a position wins.
    this.#tokens = [...tokens].sort((a, b) => b.content.length - a.content.length);
    const escaped = this.#tokens.map(({ content }) => `(${content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')})`);
    this.#pattern = new RegExp(escaped.join('|'), 'g');
  }

  /**
   * Splits a text into added tokens and what is between them.
   * @param {string} text
   * @returns {Part[]} not empty, in order; together the whole text
   */
  split(text) {
    /** @type {Part[]} */
    const parts = [];
    let done = 0;
    for (const match of text.matchAll(this.#pattern)) {
      const token = this.#tokens[match.slice(1).findIndex((group) => group !== undefined)];
      let start = match.index;
      let end = start + match[0].length;
      if (start < done) continue; // it is white space that the token before includes
      if (
        token.singleWord &&
        (WORD.test(lastCharacter(text.slice(0, start))) || WORD.test(firstCharacter(text.slice(end))))
      )
        continue;
      if (token.lstrip) start = Math.max(done, text.slice(done, start).search(SPACE_AT_END) + done);
      if (token.rstrip) end += SPACE_AT_START.exec(text.slice(end))?.[0].length ?? 0;
      if (start > done) parts.push({ start: done, end: start });
      parts.push({ start, end, id: token.id });
      done = end;
    }
    if (done < text.length) parts.push({ start: done, end: text.length });
    return parts;
  }
}

/** @param {string} text */
const lastCharacter = (text) => /[\s\S]$/u.exec(text)?.[0] ?? '';

/** @param {string} text */
const firstCharacter = (text) => /^[\s\S]/u.exec(text)?.[0] ?? '';
