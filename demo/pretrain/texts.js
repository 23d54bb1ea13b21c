// What a model can read here: questions to a bank, which come with the page, or a text of the user's own.

/** Words of the longest piece, which the model reads as one sequence. */
const WORDS = 24;

/** Words below which there is too little to learn from. */
export const FEW_WORDS = 2000;

/**
 * The questions that come with the page, see demo/public/data/README.md.
 * @param {AbortSignal} signal
 */
export async function fetchQuestions(signal) {
  const path = 'data/questions.txt';
  const response = await fetch(path, { signal });
  if (!response.ok) throw new Error(`${path} could not be fetched (HTTP ${response.status}).`);
  return piecesOf(await response.text());
}

/** @param {string} text */
const wordsOf = (text) => text.split(/\s+/).filter(Boolean);

/** @param {string} text */
export const countWords = (text) => wordsOf(text).length;

/**
 * A text in pieces that are short enough to be read at once: lines, or paragraphs where empty lines stand between them; of longer ones as many
 * sentences as fit.
 * @param {string} text
 * @returns {string[]}
 */
export function piecesOf(text) {
  const lines = text.replaceAll('\r\n', '\n');
  const paragraphs = lines.trim().split(/\n\s*\n/).length > 1 ? lines.split(/\n\s*\n/) : lines.split('\n');
  return paragraphs.flatMap((paragraph) => {
    const words = wordsOf(paragraph);
    if (words.length <= WORDS) return words.length > 0 ? [words.join(' ')] : [];
    return joinSentences(words.join(' '));
  });
}

/** @param {string} paragraph */
function joinSentences(paragraph) {
  /** @type {string[][]} */
  const pieces = [];
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'sentence' }).segment(paragraph)) {
    const words = wordsOf(segment);
    const last = pieces.at(-1);
    if (last && last.length + words.length <= WORDS) last.push(...words);
    else for (let at = 0; at < words.length; at += WORDS) pieces.push(words.slice(at, at + WORDS));
  }
  return pieces.map((words) => words.join(' '));
}
