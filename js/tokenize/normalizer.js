// BERT's normalizer in JavaScript, for the few tokenizers with added tokens that are searched in normalized text; all other text the
// core normalizes.
import { TOKENIZER_FLAGS } from '../core/abi.js';

/**
 * A normalized text, and where each of its UTF-16 units comes from.
 * @typedef {object} Normalized
 * @property {string} text
 * @property {number[]} starts [text.length] first unit of the character in the original text
 * @property {number[]} ends [text.length] the unit after it
 */

/** What cleaning removes, but for tabs and line ends, and what it makes spaces of. */
const CONTROL = /[\p{C}\ufffd]/u;
const SPACE = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const CHINESE =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/u;

/**
 * @param {string} text
 * @param {number} flags bertlet_tokenizer_flags
 * @returns {Normalized}
 */
export function normalize(text, flags) {
  /** @type {string[]} */
  const pieces = [];
  /** @type {number[]} */
  const starts = [];
  /** @type {number[]} */
  const ends = [];
  let start = 0;
  for (const character of text) {
    const end = start + character.length;
    const piece = normalizeCharacter(character, flags);
    pieces.push(piece);
    for (let i = 0; i < piece.length; i++) {
      starts.push(start);
      ends.push(end);
    }
    start = end;
  }
  return { text: pieces.join(''), starts, ends };
}

/** @param {string} character @param {number} flags */
function normalizeCharacter(character, flags) {
  const { LOWERCASE, STRIP_ACCENTS, CLEAN_TEXT, SPLIT_CHINESE_CHARS } = TOKENIZER_FLAGS;
  let piece = character;
  if (flags & CLEAN_TEXT) {
    if (CONTROL.test(piece) && !/[\t\n\r]/.test(piece)) return '';
    if (SPACE.test(piece)) return ' ';
  }
  if (flags & SPLIT_CHINESE_CHARS && CHINESE.test(piece)) piece = ` ${piece} `;
  if (flags & STRIP_ACCENTS) piece = piece.normalize('NFD').replace(/\p{Mn}/gu, '');
  return flags & LOWERCASE ? piece.toLowerCase() : piece;
}
