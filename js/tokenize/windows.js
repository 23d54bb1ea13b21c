// Cuts a long context into overlapping windows, each of which fits into the model together with the question.
import { BertletError } from '../errors.js';

/**
 * The windows of `truncation="only_second"` with `return_overflowing_tokens` and `stride` in Hugging Face's tokenizers: each is [CLS]
 * question [SEP] window [SEP], and only the last may be shorter than `maxTokens`. Throws TEXT_TOO_LONG if a window can't hold more of
 * the context than `stride`, or not all of the question.
 * @param {object} sizes in tokens
 * @param {number} sizes.number index of the question, for messages
 * @param {number} sizes.question without special tokens
 * @param {number} sizes.context without special tokens
 * @param {number} sizes.maxTokens of a window, with its question and special tokens
 * @param {number} sizes.stride how many a window shares with the one before
 * @returns {[begin: number, end: number][]} at least one window: the context's tokens `begin` to `end` - 1
 */
export function contextWindows({ number, question, context, maxTokens, stride }) {
  const capacity = maxTokens - question - 3;
  if (capacity < 0 || (context > capacity && capacity <= stride)) {
    const left = Math.max(capacity, 0);
    throw new BertletError(
      'TEXT_TOO_LONG',
      `Question ${number} has ${question} tokens: in windows of ${maxTokens} it leaves ${left} for the context, of which ` +
        `windows share ${stride}. Ask a shorter question or give a smaller stride.`,
    );
  }
  return windowsOf(context, capacity, stride);
}

/**
 * Overlapping windows of which only the last may be shorter than `capacity`, all in tokens.
 * @param {number} length of the text
 * @param {number} capacity of a window; if the text is longer, greater than `stride`
 * @param {number} stride how many a window shares with the one before
 * @returns {[begin: number, end: number][]} at least one: the tokens `begin` to `end` - 1
 */
export function windowsOf(length, capacity, stride) {
  /** @type {[number, number][]} */
  const windows = [];
  for (let begin = 0, end = 0; windows.length === 0 || end < length; begin += capacity - stride) {
    end = Math.min(begin + capacity, length);
    windows.push([begin, end]);
  }
  return windows;
}
