// Who is held out: stratified draws, the same for the same seed.

/**
 * A small generator of random numbers (mulberry32 by Tommy Ettinger, public domain).
 * @param {number} seed
 * @returns {() => number} uniform in [0, 1)
 */
function random(seed) {
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
 * @param {number[]} values
 * @param {() => number} next
 */
function shuffle(values, next) {
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
 * @property {[begin: number, end: number][]} folds rows to leave out in turn; no fold holds all examples of a class
 * @property {number} trainRows rows from here on are held out for validation
 */

/**
 * @param {Int32Array} labels 0 .. classes - 1
 * @param {number} classes
 * @param {{ validation: number, folds: number, seed: number }} options `validation`: share of the examples
 * @returns {Split}
 */
export function split(labels, classes, { validation, folds: foldCount, seed }) {
  const next = random(seed);
  /** @type {number[][]} */
  const byClass = Array.from({ length: classes }, () => []);
  labels.forEach((label, example) => byClass[label].push(example));

  /** @type {number[][]} */
  const folds = Array.from({ length: foldCount }, () => []);
  /** @type {number[]} */
  const alwaysTrained = [];
  /** @type {number[]} */
  const heldOut = [];
  let fold = 0; // goes on from class to class, so that folds are of equal size
  for (const members of byClass) {
    shuffle(members, next);
    // At least one example of a class is trained on.
    const rest = members.splice(Math.max(members.length - Math.round(members.length * validation), 1));
    heldOut.push(...rest);
    if (members.length === 1) alwaysTrained.push(...members);
    else for (const member of members) folds[fold++ % foldCount].push(member);
  }

  /** @type {Split['folds']} */
  const ranges = [];
  let at = 0;
  for (const { length } of folds.filter(({ length }) => length > 0)) ranges.push([at, (at += length)]);
  const order = [...folds.flat(), ...alwaysTrained, ...heldOut];
  return { order, folds: ranges, trainRows: order.length - heldOut.length };
}
