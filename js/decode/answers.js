// From the logits of windows to the answers of a question, by the rules of the question-answering pipeline of Hugging Face
// transformers 4 (version 5 has none).
import { logSumExp } from '../base/numbers.js';

/**
 * What the model says to [CLS] question [SEP] context [SEP], where the context is one window of a longer one.
 * @typedef {object} Window
 * @property {ArrayLike<number>} startLogits [tokens]
 * @property {ArrayLike<number>} endLogits [tokens]
 * @property {number} first place of the window's first context token
 * @property {string[]} tokens [window] the context's tokens in it
 * @property {[start: number, end: number][]} offsets [window] of these in the context
 */

/** @typedef {{ answer: string, score: number, start: number, end: number }} Answer `context.slice(start, end)` is the answer */

/** @typedef {{ first: number, last: number, score: number }} Span tokens of the context, the last one included */

/**
 * The best answers. In a window, the probability of a span is that of its first token times that of its last, where [CLS]
 * stands for no answer; a window's probabilities don't know of the other windows. Equal answers, whatever their case, are one
 * with the sum of their scores, which over many windows may be more than 1.
 * @param {string} context
 * @param {Window[]} windows
 * @param {object} [options]
 * @param {number} [options.topK] how many answers, at most
 * @param {number} [options.maxAnswerTokens] the longest answer
 * @param {boolean} [options.wholeWords] whether answers grow to whole words
 * @param {boolean} [options.noAnswer] whether '' is a possible answer; its score is that of [CLS] in the window where it is least
 * @returns {Answer[]} best first
 */
export function bestAnswers(
  context,
  windows,
  { topK = 1, maxAnswerTokens = 30, wholeWords = true, noAnswer = false } = {},
) {
  /** @type {Map<string, Answer>} */
  const answers = new Map();
  let least = Infinity;
  for (const window of windows) {
    const start = probabilities(window.startLogits, window);
    const end = probabilities(window.endLogits, window);
    least = Math.min(least, start.none * end.none);
    const spans = bestSpans(start.tokens, end.tokens, maxAnswerTokens, wholeWords ? 2 * topK + 10 : topK);
    for (const { first, last, score } of spans) {
      const [from, to] = wholeWords ? toWords(window.tokens, first, last) : [first, last];
      const [begin, finish] = [window.offsets[from][0], window.offsets[to][1]];
      const answer = context.slice(begin, finish);
      const known = answers.get(answer.toLowerCase());
      if (known) known.score += score;
      else answers.set(answer.toLowerCase(), { answer, score, start: begin, end: finish });
    }
  }
  const all = [...answers.values()];
  if (noAnswer) all.push({ answer: '', score: least, start: 0, end: 0 });
  return all.sort((a, b) => b.score - a.score).slice(0, topK);
}

/**
 * Softmax over [CLS] and the context; the question cannot be the answer.
 * @param {ArrayLike<number>} logits [tokens]
 * @param {Window} window
 */
function probabilities(logits, { first, tokens }) {
  const allowed = [logits[0], ...tokens.map((_, i) => logits[first + i])];
  const total = logSumExp(allowed);
  const [none, ...rest] = allowed.map((logit) => Math.exp(logit - total));
  return { none, tokens: rest };
}

/**
 * @param {number[]} start [window] probabilities
 * @param {number[]} end [window]
 * @param {number} longest in tokens
 * @param {number} count
 * @returns {Span[]} best first
 */
function bestSpans(start, end, longest, count) {
  /** @type {Span[]} */
  const best = [];
  for (let first = 0; first < start.length; first++) {
    for (let last = first; last < Math.min(first + longest, end.length); last++) {
      const score = start[first] * end[last];
      if (score <= (best[count - 1]?.score ?? 0)) continue;
      let rank = Math.min(best.length, count - 1);
      for (; rank > 0 && best[rank - 1].score < score; rank--) best[rank] = best[rank - 1];
      best[rank] = { first, last, score };
    }
  }
  return best;
}

/**
 * @param {string[]} tokens
 * @param {number} first
 * @param {number} last
 * @returns {[first: number, last: number]} of the words that they are parts of, as far as the window goes
 */
function toWords(tokens, first, last) {
  while (first > 0 && tokens[first].startsWith('##')) first--;
  while (last + 1 < tokens.length && tokens[last + 1].startsWith('##')) last++;
  return [first, last];
}
