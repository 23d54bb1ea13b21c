// Words of a text, and the first token of each.

/** Punctuation that is a word of its own before, or after, another word. */
const BEFORE = /^["'([{<«“‘‹„¿¡]/u;
const AFTER = /[.,;:!?"')\]}>»”’›…。，！？]$/u;

/**
 * Splits a text into words about as annotators do: at spaces, with punctuation around words split off, and each ideograph alone.
 * @param {string} text
 * @returns {[start: number, end: number][]} in UTF-16 code units, in order
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
 * Joins words by spaces.
 * @param {string[]} words
 * @returns {{ text: string, spans: [start: number, end: number][] }} `spans`: [words] where each is, in UTF-16 code units
 */
export function joinWords(words) {
  let next = 0;
  /** @type {[number, number][]} */
  const spans = words.map((word) => {
    const start = next;
    next += word.length + 1;
    return [start, start + word.length];
  });
  return { text: words.join(' '), spans };
}

/**
 * The first token of each word, which is the one that a head for tokens is trained on and reads.
 * @param {[start: number, end: number][]} words in order
 * @param {[start: number, end: number][]} offsets [tokens or more] of the text's tokens, [CLS] and [SEP] included
 * @param {number} tokens how many of them the model reads, [CLS] and [SEP] included
 * @returns {Int32Array} [words] index of the token; -1 if a word has none (it is all control characters), or the text is cut before it
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
