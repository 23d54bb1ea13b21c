// Who is held out: stratified draws, the same for the same seed.
import { random, shuffle } from '../../base/random.js';

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
