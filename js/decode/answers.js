// Turns start and end logits into answers, as the question-answering pipeline of Hugging Face transformers 4 does (version 5 has no
// such pipeline).
import { logSumExp } from '../base/numbers.js';

/**
 * A window of a context, and the logits that a head gives for it: of [CLS] question [SEP] window [SEP].
 * @typedef {object} Window
 * @property {ArrayLike<number>} startLogits [tokens]
 * @property {ArrayLike<number>} endLogits [tokens]
 * @property {number} first index of the window's first token in the logits
 * @property {string[]} tokens [window] the context's tokens in this window
 * @property {[start: number, end: number][]} offsets [window] where they are in the context, in UTF-16 code units
 */

/** @typedef {import('../types.js').Answer} Answer */

/** @typedef {{ first: number, last: number, score: number }} Span indices of tokens in the window, `last` included */

/**
 * The best answers. The probability of a span is that of its first token as start times that of its last as end; [CLS] as both
 * means no answer. Probabilities are normalized in each window by itself. Answers that differ by case only are merged, and their
 * scores added, so that over several windows a score may exceed 1.
 * @param {string} context
 * @param {Window[]} windows
 * @param {object} [options]
 * @param {number} [options.topK] maximum number of answers
 * @param {number} [options.maxAnswerTokens] maximum length of an answer
 * @param {boolean} [options.wholeWords] whether an answer is extended to whole words
 * @param {boolean} [options.noAnswer] whether '' is a possible answer; its score is the minimum over the windows
 * @returns {Answer[]} best first
 */
export function bestAnswers(
  context,
  windows,
  { topK = 1, maxAnswerTokens = 30, wholeWords = true, noAnswer = false } = {},
) {
  /** @type {Map<string, Answer>} */
  const answers = new Map();
  let minNone = Infinity;
  for (const window of windows) {
    const start = probabilities(window.startLogits, window);
    const end = probabilities(window.endLogits, window);
    minNone = Math.min(minNone, start.none * end.none);
    const spans = bestSpans(start.tokens, end.tokens, maxAnswerTokens, wholeWords ? 2 * topK + 10 : topK);
    for (const { first, last, score } of spans) {
      const [from, to] = wholeWords ? extendToWords(window.tokens, first, last) : [first, last];
      const [begin, finish] = [window.offsets[from][0], window.offsets[to][1]];
      const answer = context.slice(begin, finish);
      const known = answers.get(answer.toLowerCase());
      if (known) known.score += score;
      else answers.set(answer.toLowerCase(), { answer, score, start: begin, end: finish });
    }
  }
  const all = [...answers.values()];
  if (noAnswer) all.push({ answer: '', score: minNone, start: 0, end: 0 });
  return all.sort((a, b) => b.score - a.score).slice(0, topK);
}

/**
 * Softmax over [CLS] and the context's tokens, without those of the question, which can't be the answer.
 * @param {ArrayLike<number>} logits [tokens]
 * @param {Window} window
 * @returns {{ none: number, tokens: number[] }} of [CLS]; [window] of the context's tokens
 */
function probabilities(logits, { first, tokens }) {
  const allowed = [logits[0], ...tokens.map((_, i) => logits[first + i])];
  const total = logSumExp(allowed);
  const [none, ...rest] = allowed.map((logit) => Math.exp(logit - total));
  return { none, tokens: rest };
}

/**
 * The most probable spans of a window.
 * @param {number[]} start [window] probabilities
 * @param {number[]} end [window] probabilities
 * @param {number} maxLength in tokens
 * @param {number} count
 * @returns {Span[]} best first
 */
function bestSpans(start, end, maxLength, count) {
  /** @type {Span[]} */
  const best = [];
  for (let first = 0; first < start.length; first++) {
    for (let last = first; last < Math.min(first + maxLength, end.length); last++) {
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
 * Extends a span to the words of its first and last token, within the window.
 * @param {string[]} tokens
 * @param {number} first
 * @param {number} last
 * @returns {[first: number, last: number]}
 */
function extendToWords(tokens, first, last) {
  while (first > 0 && tokens[first].startsWith('##')) first--;
  while (last + 1 < tokens.length && tokens[last + 1].startsWith('##')) last++;
  return [first, last];
}
