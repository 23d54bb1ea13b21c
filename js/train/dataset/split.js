// Splits examples into folds and a held-out part, at random but with each class in its proportion.
import { random, shuffle } from '../../base/random.js';

/**
 * @typedef {object} Split an order of the examples, in which each set is a range of rows
 * @property {number[]} order [examples] index of the example in each row: the folds, then the other examples to train on, then the
 *   held-out ones
 * @property {[begin: number, end: number][]} folds ranges of rows to leave out in turn; fewer than two if there are too few examples.
 *   No fold has all examples of a class
 * @property {number} trainRows number of rows to train on, folds included; later ones are held out for validation
 */

/**
 * Splits examples; the same seed gives the same split.
 * @param {Int32Array} labels [examples] 0 to classes - 1
 * @param {number} classes
 * @param {{ validation: number, foldRows: number, folds: number, seed: number }} options `validation`: share of the examples to hold
 *   out; `foldRows`: how many rows all folds have together, about, if there are more; `folds`: maximum number of folds
 * @returns {Split}
 */
export function split(labels, classes, { validation, foldRows, folds: maxFolds, seed }) {
  const next = random(seed);
  /** @type {number[][]} */
  const byClass = Array.from({ length: classes }, () => []);
  labels.forEach((label, example) => byClass[label].push(example));
  for (const members of byClass) shuffle(members, next);

  // At least one example of each class is trained on.
  const heldOut = byClass.flatMap((members) => {
    const count = Math.round(members.length * validation);
    return members.splice(Math.max(members.length - count, 1));
  });
  const trainRows = labels.length - heldOut.length;

  // A class's only example is in no fold, since training without it would not know the class. Of many examples, a share is in folds.
  const share = Math.min(foldRows / trainRows, 1);
  const inFolds = byClass
    .filter((members) => members.length > 1)
    .map((members) =>
      members.splice(0, Math.max(Math.round(members.length * share), Math.min(members.length, maxFolds))),
    );
  const foldCount = Math.min(maxFolds, ...inFolds.map((members) => members.length));

  /** @type {number[][]} */
  const folds = inFolds.length > 0 ? Array.from({ length: foldCount }, () => []) : [];
  inFolds.flat().forEach((member, i) => folds[i % foldCount].push(member));
  /** @type {Split['folds']} */
  const ranges = [];
  let begin = 0;
  for (const { length } of folds) ranges.push([begin, (begin += length)]);
  return { order: [...folds.flat(), ...byClass.flat(), ...heldOut], folds: ranges, trainRows };
}
