// Where answers are in windows of their contexts, as question answering is trained.

/** Where an answer is in its context, in UTF-16 code units; undefined: there is none. @typedef {{ start: number, end: number } | undefined} Answer */

/**
 * The first and the last token of an answer in a window; both are [CLS] if the answer is not in the window as a whole.
 * @param {Answer} answer
 * @param {[start: number, end: number][]} offsets [window] of the context's tokens in the window
 * @param {number} first index of the first of these tokens in the window's input
 * @returns {[begin: number, end: number]} indices in the window's input
 */
export function spanOf(answer, offsets, first) {
  if (!answer) return [0, 0];
  const begin = offsets.findIndex(([, end]) => end > answer.start);
  const last = offsets.findLastIndex(([start]) => start < answer.end);
  const whole = begin >= 0 && last >= begin && offsets[begin][0] <= answer.start && offsets[last][1] >= answer.end;
  return whole ? [first + begin, first + last] : [0, 0];
}

/**
 * Warns of answers that no window holds.
 * @param {number[]} numbers of their examples
 * @param {import('../../rpc/serve.js').Context} context
 */
export function warnOfCutAnswers(numbers, context) {
  if (numbers.length === 0) return;
  const which =
    numbers.length === 1 ? `of example ${numbers[0]}` : `of ${numbers.length} examples (first: ${numbers[0]})`;
  context.emit({
    warning: `The answer ${which} is in no window as a whole, so it is learnt as "no answer". A larger maxTokens or stride helps.`,
    texts: numbers,
  });
}
