// How good predictions are: accuracy, macro F1 and the confusion matrix, equal to scikit-learn's.

/**
 * @typedef {object} Metrics
 * @property {number} accuracy share of the examples whose predicted label is the true one
 * @property {number} macroF1 mean over the labels of F1 = 2 TP / (2 TP + FP + FN); as in scikit-learn, over those labels
 *   that occur in the truth or in the predictions
 * @property {number} n number of examples
 * @property {string[]} labels what the rows and columns of `confusion` stand for
 * @property {number[][]} confusion [labels][labels]; row: the true label, column: the predicted one
 */

/**
 * @param {string[]} truth [n]
 * @param {string[]} predicted [n]
 * @param {string[]} [labels] order of rows and columns; labels that are missing here are appended in alphabetical order
 * @returns {Metrics}
 */
export function evaluatePredictions(truth, predicted, labels = []) {
  const known = new Set(labels);
  const others = [...new Set([...truth, ...predicted])].filter((label) => !known.has(label)).sort();
  const all = [...known, ...others];
  const indices = new Map(all.map((label, index) => [label, index]));
  const confusion = all.map(() => /** @type {number[]} */ (new Array(all.length).fill(0)));
  truth.forEach((label, i) => {
    confusion[/** @type {number} */ (indices.get(label))][/** @type {number} */ (indices.get(predicted[i]))] += 1;
  });

  let correct = 0;
  let sumOfF1 = 0;
  let occurring = 0;
  for (let k = 0; k < all.length; k++) {
    const hits = confusion[k][k];
    const inTruth = confusion[k].reduce((sum, count) => sum + count, 0);
    const inPredictions = confusion.reduce((sum, row) => sum + row[k], 0);
    correct += hits;
    if (inTruth + inPredictions === 0) continue;
    sumOfF1 += (2 * hits) / (inTruth + inPredictions);
    occurring += 1;
  }
  return { accuracy: correct / truth.length, macroF1: sumOfF1 / occurring, n: truth.length, labels: all, confusion };
}
