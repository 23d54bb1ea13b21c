// Texts to sequences of tokens for pre-training.
import { SPECIAL } from '../../core/abi.js';

/** @typedef {import('./task.js').TuningExample} TuningExample */
/** @typedef {import('../../tokenize/tokenizer.js').Tokenizer} Tokenizer */

/**
 * Packs texts to full length, as RoBERTa's FULL-SENTENCES (Liu et al. 2019, https://arxiv.org/abs/1907.11692, section 4.2): [CLS], then the
 * tokens of one text after the other, each ended by [SEP], cut wherever the sequence is full. What does not fit goes on in the next one. So
 * every sequence begins with [CLS] and ends with [SEP], as texts do when the model is used; `group_texts` of Hugging Face's run_mlm.py cuts
 * the same stream, [CLS] included, at any place. The last sequence is as long as what is left.
 * @param {Tokenizer} tokenizer
 * @param {string[]} texts
 * @param {number} maxTokens of a sequence, at least 3
 * @param {() => Promise<void>} pause
 * @returns {Promise<TuningExample[]>}
 */
export async function packTexts(tokenizer, texts, maxTokens, pause) {
  const [cls, sep] = [tokenizer.specials[SPECIAL.CLS], tokenizer.specials[SPECIAL.SEP]];
  /** @type {TuningExample[]} */
  const packed = [];
  const sequence = new Int32Array(maxTokens);
  let length = 0;
  const end = () => {
    sequence[length++] = sep;
    packed.push(sequenceOf(sequence.slice(0, length), packed.length));
    length = 0;
  };
  for (const text of texts) {
    const ids = tokenizer.encode([text], Infinity).ids.subarray(1, -1);
    for (let at = 0; at < ids.length;) {
      if (length === 0) sequence[length++] = cls;
      else if (at === 0) sequence[length++] = sep;
      const count = Math.min(ids.length - at, maxTokens - 1 - length);
      sequence.set(ids.subarray(at, at + count), length);
      length += count;
      at += count;
      // With room for [SEP] alone, or for that of this text and its end.
      if (length >= maxTokens - 2) end();
    }
    await pause();
  }
  if (length > 0) end();
  return packed;
}

/**
 * Each text by itself; longer ones are cut.
 * @param {Tokenizer} tokenizer
 * @param {string[]} texts
 * @param {number} maxTokens
 * @param {() => Promise<void>} pause
 * @returns {Promise<TuningExample[]>} empty texts are left out
 */
export async function separateTexts(tokenizer, texts, maxTokens, pause) {
  /** @type {TuningExample[]} */
  const separate = [];
  for (const text of texts) {
    const { ids } = tokenizer.encode([text], maxTokens);
    if (ids.length > 2) separate.push(sequenceOf(ids, separate.length));
    await pause();
  }
  return separate;
}

/** @param {Int32Array} ids @param {number} index @returns {TuningExample} */
const sequenceOf = (ids, index) => ({ encoded: { ids, second: ids.length, cut: false }, index, weight: 1 });
