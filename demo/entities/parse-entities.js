// Sentences in which entities are marked, `[Angela Merkel](person) met …`, to words with tags.

/** @typedef {{ words: string[], tags: string[] }} Tagged */

/** @typedef {import('../teaching/teaching.js').Fault} Fault */

/** A place that is marked, with its type. */
const MARK = /\[([^[\]]*)\]\(([^()]*)\)/g;

/** Punctuation around a word, as heads cut it off when they find entities (js/decode/words.js). */
const EDGES = /^(["'([{<«“‘‹„¿¡]*)(.*?)([.,;:!?"')\]}>»”’›…。，！？]*)$/su;

/**
 * Words with the punctuation around them apart, and ideographs one by one.
 * @param {string} text
 * @returns {string[]}
 */
export function wordsOf(text) {
  return [...text.matchAll(/\p{Ideographic}|[^\s\p{Ideographic}]+/gu)].flatMap(([chunk]) => {
    const [, before, word, after] = /** @type {RegExpExecArray} */ (EDGES.exec(chunk));
    return [...before, word, ...after].filter(Boolean);
  });
}

/**
 * @param {string} text one sentence a line
 * @returns {{ examples: Tagged[], types: Map<string, number>, fault?: Fault }} `types`: how many entities there are of each, in
 *   the order in which they occur; `fault`: the first
 */
export function parseEntities(text) {
  /** @type {Tagged[]} */
  const examples = [];
  /** @type {Map<string, number>} */
  const types = new Map();
  for (const [index, line] of text.split('\n').entries()) {
    if (!line.trim()) continue;
    const message = faultOf(line);
    if (message) return { examples, types, fault: { line: index + 1, message } };
    const example = read(line, (type) => types.set(type, (types.get(type) ?? 0) + 1));
    if (example.words.length > 0) examples.push(example);
  }
  return { examples, types };
}

/** @param {string} line */
function faultOf(line) {
  for (const [mark, words, type] of line.matchAll(MARK)) {
    if (!words.trim()) return `no words are marked in ${mark}`;
    if (!type.trim()) return `${mark} has no type in the parentheses`;
  }
  const lost = /[[\]].{0,20}/.exec(line.replaceAll(MARK, ''));
  return lost ? `“${lost[0]}” is not of the form [words](type)` : '';
}

/**
 * @param {string} line
 * @param {(type: string) => void} found
 */
function read(line, found) {
  /** @type {Tagged} */
  const example = { words: [], tags: [] };
  const add = (/** @type {string} */ part, type = '') => {
    const words = wordsOf(part);
    example.words.push(...words);
    example.tags.push(...words.map((_, i) => (type ? `${i === 0 ? 'B' : 'I'}-${type}` : 'O')));
  };
  let at = 0;
  for (const { 0: mark, 1: words, 2: given, index } of line.matchAll(MARK)) {
    const type = given.trim();
    add(line.slice(at, index));
    add(words, type);
    found(type);
    at = index + mark.length;
  }
  add(line.slice(at));
  return example;
}
