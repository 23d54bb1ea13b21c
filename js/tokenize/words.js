// Counts the words of texts, normalized and split by the core, as the training of a vocabulary sees them.
import { compileWasm } from '#platform';
import { STATUS } from '../core/abi.js';
import { align, createCore } from '../core/instance.js';
import { BertletError } from '../errors.js';
import { splitText, TEXT_GROWTH } from './tokenizer.js';

/** Texts go through the core together, about so many UTF-16 units at a time: a call of a few milliseconds. */
const BATCH = 32768;

/** As many different words as a Map holds in every engine, with room to spare. */
const MOST_WORDS = 2 ** 23;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * A counter with a core of its own. It is the scalar build that trains, which runs everywhere: the others are no faster at this.
 * @param {number} flags bertlet_tokenizer_flags
 * @returns {Promise<WordCounter>} rejects with NO_WASM or OUT_OF_MEMORY
 */
export async function createWordCounter(flags) {
  const module = await compileWasm('train-scalar');
  return new WordCounter(await createCore({ module, shared: false, heapBase: 0 }, 0, TEXT_GROWTH), flags);
}

/** Its memory grows with the number of different words, not with that of the texts. */
export class WordCounter {
  /** How often each word occurs. @type {Map<string, number>} */
  counts = new Map();
  /** How many words there are, each as often as it occurs. */
  total = 0;
  #core;
  #flags;
  /** @type {string[]} */
  #waiting = [];
  #units = 0;

  /** @param {import('../core/instance.js').Core} core @param {number} flags bertlet_tokenizer_flags */
  constructor(core, flags) {
    this.#core = core;
    this.#flags = flags;
  }

  /**
   * Adds a text, whose words are counted now or later. Throws TEXT_TOO_LONG if there are too many characters without white space,
   * OUT_OF_MEMORY.
   * @param {string} text
   */
  add(text) {
    for (const { start, end } of splitText(text, 0, text.length)) {
      this.#waiting.push(text.slice(start, end));
      this.#units += end - start;
      if (this.#units >= BATCH) this.flush();
    }
  }

  /** Counts what waits. Throws as `add`. */
  flush() {
    const words = this.#wordsOf(this.#waiting.join('\n'));
    this.#waiting = [];
    this.#units = 0;
    this.total += words.length;
    for (const word of words) {
      const count = this.counts.get(word);
      // Not the word itself, a slice of the batch, which it would keep in memory.
      if (count === undefined) this.counts.set(decoder.decode(encoder.encode(word)), 1);
      else this.counts.set(word, count + 1);
    }
    if (this.counts.size > MOST_WORDS)
      throw new BertletError(
        'OUT_OF_MEMORY',
        `The texts have more than ${MOST_WORDS} different words. Take fewer texts: a part of them, drawn at random, gives nearly the same vocabulary.`,
      );
  }

  /** @param {string} text @returns {string[]} */
  #wordsOf(text) {
    if (text === '') return [];
    const core = this.#core;
    const textBytes = 3 * text.length; // a UTF-16 unit takes at most 3 bytes of UTF-8
    const wordBytes = 3 * textBytes + 1;
    if (align(textBytes) + wordBytes > TEXT_GROWTH)
      throw new BertletError(
        'TEXT_TOO_LONG',
        `A text has ${text.length} characters without white space, too many for one piece. Put spaces between its words.`,
      );
    const utf8 = core.scratch(align(textBytes) + wordBytes);
    const bytes = core.writeText(utf8, textBytes, text);
    const words = utf8 + align(textBytes);
    const count = core.fn.words(utf8, bytes, this.#flags, words, wordBytes);
    if (count < STATUS.OK) throw new Error(`bertlet_words: ${count}`);
    return count === 0 ? [] : decoder.decode(core.bytes(words, count - 1)).split(' ');
  }
}
