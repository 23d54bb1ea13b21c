// How good predictions are, in scikit-learn's numbers. What is undefined, as the precision of no prediction, counts as 0.

/**
 * @typedef {object} Scores of one label, or of all together
 * @property {number} precision TP / (TP + FP)
 * @property {number} recall TP / (TP + FN)
 * @property {number} f1 2 TP / (2 TP + FP + FN)
 * @property {number} support how often it occurs in the truth, TP + FN
 */

/** @typedef {{ hits: number, found: number, support: number }} Counts TP, TP + FP and TP + FN */

/**
 * @typedef {object} Metrics
 * @property {number} accuracy share of the examples whose predicted label is the true one
 * @property {number} macroF1 mean of the labels' F1; as in scikit-learn, of those labels that occur in the truth or in the
 *   predictions
 * @property {number} microF1 F1 of all labels' counts together; the same as the accuracy, where every example has one label
 * @property {number} n number of examples
 * @property {string[]} labels what the rows and columns of `confusion` and the rows of `classes` stand for
 * @property {number[][]} confusion [labels][labels]; row: the true label, column: the predicted one
 * @property {Scores[]} classes [labels]
 */

/**
 * @typedef {object} MultiLabelMetrics
 * @property {number} accuracy share of the examples with all labels right, none missing and none too many
 * @property {number} macroF1 mean of all labels' F1
 * @property {number} microF1 F1 of all labels' counts together
 * @property {number} samplesF1 mean of the examples' F1
 * @property {number} n number of examples
 * @property {string[]} labels what the rows of `classes` stand for
 * @property {Scores[]} classes [labels]
 */

/**
 * @param {string[]} truth [n]
 * @param {string[]} predicted [n]
 * @param {string[]} [labels] order of rows and columns; labels that are missing here are appended in alphabetical order
 * @returns {Metrics}
 */
export function evaluatePredictions(truth, predicted, labels = []) {
  const { all, indexOf } = order(labels, [...truth, ...predicted]);
  const confusion = all.map(() => /** @type {number[]} */ (new Array(all.length).fill(0)));
  truth.forEach((label, i) => (confusion[indexOf(label)][indexOf(predicted[i])] += 1));

  const counts = all.map((_, k) => ({
    hits: confusion[k][k],
    found: sum(confusion.map((row) => row[k])),
    support: sum(confusion[k]),
  }));
  const accuracy = sum(counts.map(({ hits }) => hits)) / truth.length;
  const occurring = counts.filter(({ found, support }) => found + support > 0);
  return {
    accuracy,
    macroF1: mean(occurring.map((count) => scoresOf(count).f1)),
    microF1: accuracy,
    n: truth.length,
    labels: all,
    confusion,
    classes: counts.map(scoresOf),
  };
}

/**
 * Where an example has any number of labels.
 * @param {string[][]} truth [n]
 * @param {string[][]} predicted [n]
 * @param {string[]} [labels] their order; labels that are missing here are appended in alphabetical order
 * @returns {MultiLabelMetrics}
 */
export function evaluateMultiLabel(truth, predicted, labels = []) {
  const { all, indexOf } = order(labels, [...truth.flat(), ...predicted.flat()]);
  const counts = all.map(() => ({ hits: 0, found: 0, support: 0 }));
  const samples = truth.map((given, i) => {
    const gold = new Set(given);
    const found = new Set(predicted[i]);
    const hits = [...found].filter((label) => gold.has(label));
    for (const label of gold) counts[indexOf(label)].support += 1;
    for (const label of found) counts[indexOf(label)].found += 1;
    for (const label of hits) counts[indexOf(label)].hits += 1;
    return { hits: hits.length, found: found.size, support: gold.size };
  });
  return {
    accuracy: mean(samples.map(({ hits, found, support }) => Number(hits === found && hits === support))),
    macroF1: mean(counts.map((count) => scoresOf(count).f1)),
    microF1: scoresOf(total(counts)).f1,
    samplesF1: mean(samples.map((count) => scoresOf(count).f1)),
    n: truth.length,
    labels: all,
    classes: counts.map(scoresOf),
  };
}

/**
 * @param {Counts} counts
 * @returns {Scores}
 */
export function scoresOf({ hits, found, support }) {
  return {
    precision: found === 0 ? 0 : hits / found,
    recall: support === 0 ? 0 : hits / support,
    f1: found + support === 0 ? 0 : (2 * hits) / (found + support),
    support,
  };
}

/**
 * @param {Counts[]} counts
 * @returns {Counts}
 */
export function total(counts) {
  return {
    hits: sum(counts.map(({ hits }) => hits)),
    found: sum(counts.map(({ found }) => found)),
    support: sum(counts.map(({ support }) => support)),
  };
}

/**
 * @param {string[]} labels
 * @param {string[]} occurring
 */
function order(labels, occurring) {
  const known = new Set(labels);
  const all = [...known, ...[...new Set(occurring)].filter((label) => !known.has(label)).sort()];
  const indices = new Map(all.map((label, index) => [label, index]));
  return { all, indexOf: (/** @type {string} */ label) => /** @type {number} */ (indices.get(label)) };
}

const sum = (/** @type {number[]} */ values) => values.reduce((total, value) => total + value, 0);
const mean = (/** @type {number[]} */ values) => (values.length === 0 ? 0 : sum(values) / values.length);
