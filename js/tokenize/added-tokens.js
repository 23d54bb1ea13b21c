// Tokens that were added to a vocabulary: they are found in the text itself, before it is split into words, as Hugging Face's
// tokenizers do with those that are not normalized.
import { SPECIAL } from '../core/abi.js';
import { BertletError } from '../errors.js';

/**
 * @typedef {object} AddedToken
 * @property {string} content
 * @property {number} id
 * @property {boolean} singleWord only where no letter or digit is beside it
 * @property {boolean} lstrip takes the white space before it along
 * @property {boolean} rstrip takes the white space after it along
 */

/** A part of a text; with an `id`, an added token. @typedef {{ start: number, end: number, id?: number }} Part */

/** Those the core finds itself. */
export const SPECIALS = Object.keys(SPECIAL).map((name) => `[${name}]`);

/**
 * @param {any[]} list as in tokenizer.json: content, id and flags
 * @param {string} where
 * @returns {AddedToken[]} all of them, or none when there are only the special tokens, which the core finds itself
 */
export function parseAddedTokens(list, where) {
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
      throw new BertletError('BAD_VOCABULARY', `${where}: the added token ${JSON.stringify(entry)} can't be.`);
    if (normalized && !SPECIALS.includes(content)) {
      throw new BertletError(
        'BAD_VOCABULARY',
        `${where}: the added token "${content}" is to be found in normalized text, which bertlet does not do. ` +
          'Add it with normalized=False and save the tokenizer again.',
      );
    }
    return { content, id, singleWord, lstrip, rstrip };
  });
  const plain = (/** @type {AddedToken} */ { content, singleWord, lstrip, rstrip }) =>
    SPECIALS.includes(content) && !singleWord && !lstrip && !rstrip;
  return tokens.every(plain) ? [] : tokens;
}

/** Unicode's white space, at the end and at the beginning. JavaScript's `\s` and `trim` differ in U+0085 and U+FEFF. */
const SPACE_AT_END = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/;
const SPACE_AT_START = /^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*/;

/** What Rust's regular expressions, and so Hugging Face, call a word character. */
const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

export class AddedTokens {
  #tokens;
  #pattern;

  /** @param {AddedToken[]} tokens at least one */
  constructor(tokens) {
    // The longest of those that begin at one place.
    this.#tokens = [...tokens].sort((a, b) => b.content.length - a.content.length);
    const escaped = this.#tokens.map(({ content }) => `(${content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')})`);
    this.#pattern = new RegExp(escaped.join('|'), 'g');
  }

  /**
   * @param {string} text
   * @returns {Part[]} the text as parts
   */
  split(text) {
    /** @type {Part[]} */
    const parts = [];
    let at = 0;
    for (const match of text.matchAll(this.#pattern)) {
      const token = this.#tokens[match.slice(1).findIndex((group) => group !== undefined)];
      let start = match.index;
      let end = start + match[0].length;
      if (start < at) continue; // the one before took this white space along
      if (
        token.singleWord &&
        (WORD.test(lastCharacter(text.slice(0, start))) || WORD.test(firstCharacter(text.slice(end))))
      )
        continue;
      if (token.lstrip) start = Math.max(at, text.slice(at, start).search(SPACE_AT_END) + at);
      if (token.rstrip) end += SPACE_AT_START.exec(text.slice(end))?.[0].length ?? 0;
      if (start > at) parts.push({ start: at, end: start });
      parts.push({ start, end, id: token.id });
      at = end;
    }
    if (at < text.length) parts.push({ start: at, end: text.length });
    return parts;
  }
}

/** @param {string} text */
const lastCharacter = (text) => /[\s\S]$/u.exec(text)?.[0] ?? '';

/** @param {string} text */
const firstCharacter = (text) => /^[\s\S]/u.exec(text)?.[0] ?? '';
