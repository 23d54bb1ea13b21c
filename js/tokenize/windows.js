// Cuts a long context into windows that overlap, so that each fits into the model with its question.
import { BertletError } from '../errors.js';

/**
 * The ranges of `truncation="only_second"` with `return_overflowing_tokens` and `stride` in Hugging Face's tokenizers: every
 * window is [CLS] question [SEP] context [SEP], and only the last may be shorter than `maxTokens`.
 * @param {object} sizes in tokens
 * @param {number} sizes.number of the question, for the error that it is too long
 * @param {number} sizes.question without special tokens
 * @param {number} sizes.context without special tokens
 * @param {number} sizes.maxTokens of a window
 * @param {number} sizes.stride what a window shares with the one before
 * @returns {[begin: number, end: number][]} tokens of the context; at least one window
 */
export function contextWindows({ number, question, context, maxTokens, stride }) {
  const room = maxTokens - question - 3;
  if (room < 0 || (context > room && room <= stride)) {
    const left = Math.max(room, 0);
    throw new BertletError(
      'TEXT_TOO_LONG',
      `Question ${number} has ${question} tokens: in windows of ${maxTokens} it leaves ${left} for the context, and ${stride} of them ` +
        'would be shared. Ask a shorter question or share less.',
    );
  }
  /** @type {[number, number][]} */
  const windows = [];
  for (let begin = 0, end = 0; windows.length === 0 || end < context; begin += room - stride) {
    end = Math.min(begin + room, context);
    windows.push([begin, end]);
  }
  return windows;
}
