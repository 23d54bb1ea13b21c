// Which tokens of a sequence are to be found again, and what the model sees in their places (Devlin et al. 2019,
// https://arxiv.org/abs/1810.04805, section 3.1 and appendix A.1).
import { random, shuffle } from '../../base/random.js';
import { SPECIAL } from '../../core/abi.js';

/** Of masked tokens, the share that becomes [MASK], and that which becomes a random token; the others stay as they are. */
const MASKED = 0.8;
const RANDOM = 0.1;

/**
 * @typedef {object} MaskedSequence
 * @property {Int32Array} ids what the model sees
 * @property {number[]} places ascending
 * @property {number[]} labels [places] the tokens that belong there
 */

/**
 * The rules by which a model's tokens are masked. A share of a sequence's tokens, rounded, but at least one: not each with this
 * probability, so that no step has much more to learn than another. Special tokens never are, [UNK] is among them.
 */
export class Masking {
  #share;
  #wholeWords;
  #mask;
  #isSpecial;
  #continues;
  #ordinary;

  /**
   * @param {import('../../tokenize/tokenizer.js').Tokenizer} tokenizer whose vocabulary has [MASK]
   * @param {{ mlmProbability: number, wholeWords: boolean }} options `mlmProbability`: share of the tokens; `wholeWords`: whether all pieces
   *   of a word are masked together
   */
  constructor({ pieces, specials, vocabSize }, { mlmProbability, wholeWords }) {
    this.#share = mlmProbability;
    this.#wholeWords = wholeWords;
    this.#mask = specials[SPECIAL.MASK];
    this.#isSpecial = new Set(specials);
    this.#continues = Uint8Array.from({ length: vocabSize }, (_, id) => Number(pieces[id]?.startsWith('##') ?? false));
    this.#ordinary = Int32Array.from({ length: vocabSize }, (_, id) => id).filter(
      (id) => !this.#isSpecial.has(id) && pieces[id],
    );
  }

  /** Whether a sequence has a token that can be masked. @param {Int32Array} ids */
  canMask(ids) {
    return ids.some((id) => !this.#isSpecial.has(id));
  }

  /**
   * Masks a sequence: the same way for the same three numbers.
   * @param {Int32Array} ids stays as it is; `canMask`
   * @param {number} seed
   * @param {number} round of all sequences
   * @param {number} index of the sequence
   * @returns {MaskedSequence}
   */
  mask(ids, seed, round, index) {
    const next = random(
      Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35),
    );
    const seen = ids.slice();
    const places = this.#choose(ids, next).sort((a, b) => a - b);
    for (const place of places) {
      const lot = next();
      if (lot < MASKED) seen[place] = this.#mask;
      else if (lot < MASKED + RANDOM) seen[place] = this.#ordinary[Math.floor(next() * this.#ordinary.length)];
    }
    return { ids: seen, places, labels: places.map((place) => ids[place]) };
  }

  /**
   * Places, in words drawn at random until there are enough of them. A word that would make too many is passed over, unless it is the first.
   * @param {Int32Array} ids
   * @param {() => number} next
   * @returns {number[]}
   */
  #choose(ids, next) {
    const words = this.#wordsOf(ids);
    const tokens = words.reduce((sum, { length }) => sum + length, 0);
    const wanted = Math.max(1, Math.round(this.#share * tokens));
    /** @type {number[]} */
    const chosen = [];
    for (const word of shuffle(words, next)) {
      if (chosen.length >= wanted) break;
      if (chosen.length === 0 || chosen.length + word.length <= wanted) chosen.push(...word);
    }
    return chosen;
  }

  /** What is masked together. @param {Int32Array} ids @returns {number[][]} [words] places of its tokens */
  #wordsOf(ids) {
    /** @type {number[][]} */
    const words = [];
    let open = false;
    ids.forEach((id, place) => {
      if (this.#isSpecial.has(id)) {
        open = false;
        return;
      }
      if (open && this.#wholeWords && this.#continues[id]) words[words.length - 1].push(place);
      else words.push([place]);
      open = true;
    });
    return words;
  }
}
