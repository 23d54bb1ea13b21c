// Cuts a call that works on a list of texts into pieces, and makes one of what they bring.
import { cutWarning } from '../../base/cut-warning.js';

/** @typedef {import('../../rpc/connection.js').CallOptions} CallOptions */

/** A piece of a call. @typedef {{ first: number, params: any }} Piece `first`: number of its first text in the whole list */

/** What a text weighs in UTF-16 units besides its own: [CLS] and [SEP], and the work that each text makes. */
const TEXT = 8;

/**
 * Weight of a piece, in UTF-16 units of its texts. At least a batch of the engine (512 tokens), since less is slower; at most a few, so that
 * another call soon has its turn, and the last piece does not keep others waiting for long.
 */
const [LEAST, MOST] = [2048, 8192];

/**
 * @param {any} params of a call; without `texts`, it is one piece
 * @param {number} workers for how many there is to be work
 * @returns {Piece[]} in order; at least one
 */
export function cutIntoPieces(params, workers) {
  /** @type {string[][]} */
  const texts = params.texts ?? [];
  const weights = texts.map((parts) => parts.reduce((sum, part) => sum + (part?.length ?? 0), TEXT));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const count = Math.round(total / Math.min(Math.max(total / workers, LEAST), MOST));
  const pieces = [];
  for (let first = 0, next = 0; next < texts.length; first = next) {
    for (let weight = 0; next < texts.length && weight < total / count; next++) weight += weights[next];
    pieces.push({ first, params: { ...params, first, texts: texts.slice(first, next) } });
  }
  return pieces.length > 1 ? pieces : [{ first: 0, params }];
}

/**
 * A part of a result with the numbers of texts in the whole list: `Part` (js/worker/methods.js), or windows of texts.
 * @param {any} part of a piece
 * @param {number} first
 */
function renumber(part, first) {
  if (Array.isArray(part)) return part.map((window) => ({ ...window, text: first + window.text }));
  return { ...part, indices: part.indices.map((/** @type {number} */ index) => first + index) };
}

/** Makes one result, and one row of events, of those of several pieces. */
export class Joined {
  #options;
  #total;
  /** [pieces] what each has done. @type {number[]} */
  #loaded = [];
  /** [pieces] @type {any[]} */
  #results = [];
  /** @type {Set<string>} */
  #said = new Set();
  /** @type {number[]} */
  #cut = [];
  #maxTokens = 0;

  /**
   * @param {Piece[]} pieces
   * @param {CallOptions} options of the whole call
   */
  constructor(pieces, options) {
    const last = pieces[pieces.length - 1];
    this.#total = last.first + last.params.texts.length;
    this.#options = options;
  }

  /**
   * @param {Piece} piece
   * @param {number} index of it
   * @returns {CallOptions} for its call
   */
  optionsOf({ first }, index) {
    const { progress, onPart, onEvent } = this.#options;
    return {
      progress,
      onPart: onPart && ((part) => onPart(renumber(part, first))),
      onEvent: (event) => {
        const { warning, texts, maxTokens } = event;
        if (event.progress) {
          this.#loaded[index] = event.progress.loaded;
          const loaded = this.#loaded.reduce((sum, count) => sum + count, 0);
          onEvent?.({ progress: { ...event.progress, loaded, total: this.#total } });
        } else if (maxTokens) {
          this.#maxTokens = maxTokens;
          this.#cut.push(...texts);
        } else if (!this.#said.has(warning)) {
          this.#said.add(warning);
          onEvent?.(event);
        }
      },
    };
  }

  /** @param {number} index of a piece @param {any} result its result; undefined if it came in parts */
  put(index, result) {
    this.#results[index] = result;
  }

  /** To be called when all are done. @returns {any} the result, in the order of the texts; undefined if it came in parts */
  finish() {
    const texts = this.#cut.sort((a, b) => a - b);
    if (texts.length > 0) this.#options.onEvent?.({ warning: cutWarning(texts, this.#maxTokens), texts });
    return this.#results[0] && this.#results.flat();
  }
}
