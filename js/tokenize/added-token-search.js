// Finds added tokens in texts. Only who has a tokenizer with such tokens fetches this file.
import { normalize } from './normalizer.js';

/** @typedef {import('./added-tokens.js').AddedToken} AddedToken */

/**
 * A part of a text, in UTF-16 code units; `id`: it is this added token.
 * @typedef {{ start: number, end: number, id?: number }} Part
 */

/** Unicode's white space; JavaScript's `\s` lacks U+0085 and has U+FEFF. */
const SPACE = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** A word character as Rust's regular expressions, and so Hugging Face's tokenizers, define it. */
const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

/** Finds added tokens in texts. */
export class AddedTokens {
  #flags;
  #inText;
  #inNormalized;

  /**
   * @param {AddedToken[]} tokens at least one
   * @param {number} flags bertlet_tokenizer_flags, which say how text is normalized
   */
  constructor(tokens, flags) {
    const [plain, normalized] = [false, true].map((which) => tokens.filter((token) => token.normalized === which));
    this.#flags = flags;
    this.#inText = new Search(plain.map((token) => [token.content, token]));
    this.#inNormalized = new Search(normalized.map((token) => [normalize(token.content, flags).text, token]));
  }

  /**
   * Splits a text into added tokens and what is between them.
   * @param {string} text
   * @returns {Part[]} in order; together all of the text that makes tokens
   */
  split(text) {
    /** @type {Part[]} */
    const parts = [];
    let done = 0;
    for (const part of this.#inText.find(text)) {
      if (part.start > done) parts.push(...this.#splitNormalized(text, done, part.start));
      parts.push(part);
      done = part.end;
    }
    if (done < text.length) parts.push(...this.#splitNormalized(text, done, text.length));
    return parts;
  }

  /**
   * @param {string} text
   * @param {number} start
   * @param {number} end
   * @returns {Part[]}
   */
  #splitNormalized(text, start, end) {
    if (this.#inNormalized.isEmpty) return [{ start, end }];
    const { text: normalized, starts, ends } = normalize(text.slice(start, end), this.#flags);
    /** @type {Part[]} */
    const parts = [];
    let done = 0; // of the normalized text
    /** @param {number} from @param {number} to @param {number} [id] */
    const add = (from, to, id) => {
      if (to > from)
        parts.push({ start: start + starts[from], end: start + ends[to - 1], ...(id !== undefined && { id }) });
    };
    for (const found of this.#inNormalized.find(normalized)) {
      add(done, found.start);
      add(found.start, found.end, found.id);
      done = found.end;
    }
    if (done === 0) return [{ start, end }];
    add(done, normalized.length);
    return parts;
  }
}

/** Finds some tokens in texts: at each position the longest one. */
class Search {
  /** By what is searched. @type {Map<string, AddedToken>} */
  #tokens = new Map();
  /** Lengths of what begins with a UTF-16 unit, the longest first. @type {Map<number, number[]>} */
  #lengths = new Map();

  /** @param {[content: string, token: AddedToken][]} entries what to search, and the token that it is; of equal ones the first counts */
  constructor(entries) {
    for (const [content, token] of entries) {
      if (content === '' || this.#tokens.has(content)) continue;
      this.#tokens.set(content, token);
      const first = content.charCodeAt(0);
      const lengths = new Set([...(this.#lengths.get(first) ?? []), content.length]);
      this.#lengths.set(
        first,
        [...lengths].sort((a, b) => b - a),
      );
    }
  }

  get isEmpty() {
    return this.#tokens.size === 0;
  }

  /**
   * @param {string} text
   * @returns {Generator<Required<Part>, void>} in order, with the white space that they include
   */
  *find(text) {
    if (this.isEmpty) return;
    let done = 0;
    for (let at = 0; at < text.length; at++) {
      const content = this.#longestAt(text, at);
      if (content === undefined) continue;
      const token = /** @type {AddedToken} */ (this.#tokens.get(content));
      let start = at;
      let end = at + content.length;
      at = end - 1;
      if (start < done) continue; // it is white space that the token before includes
      if (token.singleWord && (WORD.test(characterBefore(text, start)) || WORD.test(characterAt(text, end)))) continue;
      if (token.lstrip) while (start > done && SPACE.test(text[start - 1])) start -= 1;
      if (token.rstrip) while (end < text.length && SPACE.test(text[end])) end += 1;
      yield { start, end, id: token.id };
      done = end;
    }
  }

  /** @param {string} text @param {number} at @returns {string | undefined} what is searched and begins there */
  #longestAt(text, at) {
    const lengths = this.#lengths.get(text.charCodeAt(at)) ?? [];
    const length = lengths.find((length) => this.#tokens.has(text.slice(at, at + length)));
    return length === undefined ? undefined : text.slice(at, at + length);
  }
}

/** @param {string} text @param {number} at */
const characterAt = (text, at) => (at < text.length ? String.fromCodePoint(text.codePointAt(at) ?? 0) : '');

/** @param {string} text @param {number} at */
function characterBefore(text, at) {
  const pair = at >= 2 ? characterAt(text, at - 2) : '';
  return pair.length === 2 ? pair : text.slice(Math.max(at - 1, 0), at);
}
