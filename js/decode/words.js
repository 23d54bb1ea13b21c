// Words of a text, and where the model's tokens for them begin.

/** What stands before or after a word without being a part of it. */
const BEFORE = /^["'([{<«“‘‹„¿¡]/u;
const AFTER = /[.,;:!?"')\]}>»”’›…。，！？]$/u;

/**
 * Words as annotators cut them, roughly: at spaces, punctuation around them apart, and ideographs one by one.
 * @param {string} text
 * @returns {[start: number, end: number][]}
 */
export function splitWords(text) {
  /** @type {[number, number][]} */
  const words = [];
  for (const { 0: chunk, index } of text.matchAll(/\p{Ideographic}|[^\s\p{Ideographic}]+/gu)) {
    let [start, end] = [index, index + chunk.length];
    while (end - start > 1 && BEFORE.test(text.slice(start, end))) words.push([start, ++start]);
    /** @type {[number, number][]} */
    const after = [];
    while (end - start > 1 && AFTER.test(text.slice(start, end))) after.unshift([end - 1, end--]);
    words.push([start, end], ...after);
  }
  return words;
}

/**
 * Words that are given one by one, as a text.
 * @param {string[]} words
 * @returns {{ text: string, spans: [start: number, end: number][] }}
 */
export function joinWords(words) {
  let at = 0;
  /** @type {[number, number][]} */
  const spans = words.map((word) => {
    const start = at;
    at += word.length + 1;
    return [start, start + word.length];
  });
  return { text: words.join(' '), spans };
}

/**
 * The first token of each word: what a head for tokens is trained on and reads.
 * @param {[start: number, end: number][]} words in order
 * @param {[start: number, end: number][]} offsets of tokens, with [CLS] and [SEP]
 * @param {number} tokens how many of them the model reads, [CLS] and [SEP] included
 * @returns {Int32Array} [words] index of a token; -1 for a word without, of control characters only, or past the model's end
 */
export function firstTokens(words, offsets, tokens) {
  const first = new Int32Array(words.length).fill(-1);
  let token = 1;
  words.forEach(([start, end], word) => {
    while (token < tokens - 1 && offsets[token][0] < start) token++;
    if (token < tokens - 1 && offsets[token][0] < end) first[word] = token;
  });
  return first;
}
