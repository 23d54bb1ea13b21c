// Who is held out: stratified draws, the same for the same seed.

/**
 * A small generator of random numbers (mulberry32 by Tommy Ettinger, public domain).
 * @param {number} seed
 * @returns {() => number} uniform in [0, 1)
 */
export function random(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Fisher and Yates's shuffle, in place.
 * @template T
 * @param {T[]} values
 * @param {() => number} next
 */
export function shuffle(values, next) {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [values[i], values[j]] = [values[j], values[i]];
  }
  return values;
}

/**
 * @typedef {object} Split an order of the examples in which every set is one range
 * @property {number[]} order [examples] which example stands in a row: the folds, then the rest of those to train on, then the
 *   held-out ones
 * @property {[begin: number, end: number][]} folds rows to leave out in turn, fewer than two if there are too few examples; no
 *   fold holds all examples of a class
 * @property {number} trainRows rows from here on are held out for validation
 */

/**
 * @param {Int32Array} labels 0 .. classes - 1
 * @param {number} classes
 * @param {{ validation: number, foldRows: number, folds: number, seed: number }} options `validation`: share of the examples;
 *   `foldRows`: about how many are enough for the folds; `folds`: most folds
 * @returns {Split}
 */
export function split(labels, classes, { validation, foldRows, folds: mostFolds, seed }) {
  const next = random(seed);
  /** @type {number[][]} */
  const byClass = Array.from({ length: classes }, () => []);
  labels.forEach((label, example) => byClass[label].push(example));
  for (const members of byClass) shuffle(members, next);

  // At least one example of a class is trained on.
  const heldOut = byClass.flatMap((members) => {
    const count = Math.round(members.length * validation);
    return members.splice(Math.max(members.length - count, 1));
  });
  const trainRows = labels.length - heldOut.length;

  // A class with a single example would be unknown without it: it is in no fold. Of large sets, a part goes into the folds.
  const share = Math.min(foldRows / trainRows, 1);
  const inFolds = byClass
    .filter((members) => members.length > 1)
    .map((members) =>
      members.splice(0, Math.max(Math.round(members.length * share), Math.min(members.length, mostFolds))),
    );
  const foldCount = Math.min(mostFolds, ...inFolds.map((members) => members.length));

  /** @type {number[][]} */
  const folds = inFolds.length > 0 ? Array.from({ length: foldCount }, () => []) : [];
  inFolds.flat().forEach((member, i) => folds[i % foldCount].push(member));
  /** @type {Split['folds']} */
  const ranges = [];
  let at = 0;
  for (const { length } of folds) ranges.push([at, (at += length)]);
  return { order: [...folds.flat(), ...byClass.flat(), ...heldOut], folds: ranges, trainRows };
}

/**
 * @param {number} begin
 * @param {number} end
 * @returns {number[]} begin .. end - 1
 */
export const range = (begin, end) => Array.from({ length: Math.max(end - begin, 0) }, (_, i) => begin + i);
