// What the training of pieces (train-pieces.js) knows of pairs of neighbouring pieces: how often each occurs, where, and which occurs most.

/** Pairs of pieces, numbered as they appear. */
export class Pairs {
  /** How often each occurs in the texts. @type {number[]} */
  counts = [];
  /** By the first piece's id, then by the second's. @type {(Map<number, number> | undefined)[]} */
  #numbers = [];

  /**
   * Adds to a pair's count.
   * @param {number} first id of a piece
   * @param {number} second id of a piece
   * @param {number} count may be negative
   * @returns {number} the pair's number
   */
  add(first, second, count) {
    const numbers = (this.#numbers[first] ??= new Map());
    const known = numbers.get(second);
    if (known !== undefined) {
      this.counts[known] += count;
      return known;
    }
    const number = this.counts.push(count) - 1;
    numbers.set(second, number);
    return number;
  }
}

/**
 * A pair that may be merged.
 * @typedef {object} Candidate
 * @property {number} pair its number
 * @property {number} first id of its first piece
 * @property {number} second id of its second piece
 * @property {number} count how often it occurred when it was counted last, in all words
 * @property {number[]} words numbers of the words that had it then
 */

/** Pairs that one pass over words has found, as candidates in the making. */
export class Found {
  /** @type {Map<number, Candidate>} */
  #candidates = new Map();

  /** Words come one after the other. @param {number} pair @param {number} first @param {number} second @param {number} word */
  add(pair, first, second, word) {
    const known = this.#candidates.get(pair);
    if (!known) this.#candidates.set(pair, { pair, first, second, count: 0, words: [word] });
    else if (known.words[known.words.length - 1] !== word) known.words.push(word);
  }

  /** Queues them, with their counts now that all words have been seen. @param {Queue} queue @param {Pairs} pairs */
  moveTo(queue, pairs) {
    for (const candidate of this.#candidates.values()) {
      candidate.count = pairs.counts[candidate.pair];
      queue.push(candidate);
    }
  }
}

/** Whether `a` is merged before `b`: it occurs more often or, if they occur equally often, has lower ids. @param {Candidate} a @param {Candidate} b */
const isBefore = (a, b) =>
  a.count !== b.count ? a.count > b.count : a.first !== b.first ? a.first < b.first : a.second < b.second;

/** Candidates as a binary heap, whose top is the one to be merged first. */
export class Queue {
  /** @type {Candidate[]} */
  #heap = [];
  #leastCount;

  /** @param {number} leastCount candidates that occur less often are left out */
  constructor(leastCount) {
    this.#leastCount = leastCount;
  }

  /** @param {Candidate} candidate */
  push(candidate) {
    if (candidate.count < this.#leastCount) return;
    const heap = this.#heap;
    let at = heap.push(candidate) - 1;
    for (let parent; at > 0; at = parent) {
      parent = (at - 1) >> 1;
      if (!isBefore(candidate, heap[parent])) break;
      heap[at] = heap[parent];
    }
    heap[at] = candidate;
  }

  /** Takes the top. @returns {Candidate | undefined} undefined if there is none */
  pop() {
    const heap = this.#heap;
    const top = heap[0];
    const last = /** @type {Candidate} */ (heap.pop());
    if (heap.length === 0) return top;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
