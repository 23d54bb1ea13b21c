// Accuracy, precision, recall and F1 of classifiers, equal to scikit-learn's. An undefined one, such as the precision of a label that
// was never predicted, is 0.

/** @typedef {import('../types.js').Scores} Scores */
/** @typedef {{ hits: number, found: number, support: number }} Counts TP, TP + FP, and TP + FN */

/** @typedef {import('../types.js').Metrics} Metrics */

/** @typedef {import('../types.js').MultiLabelMetrics} MultiLabelMetrics */

/**
 * Metrics where every example has one label.
 * @param {string[]} truth [n]
 * @param {string[]} predicted [n]
 * @param {string[]} [labels] their order; others that occur are appended in the order of their UTF-16 code units
 * @returns {Metrics}
 */
export function evaluatePredictions(truth, predicted, labels = []) {
  const { all, indexOf } = indexLabels(labels, [...truth, ...predicted]);
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
 * Metrics where an example has any number of labels.
 * @param {string[][]} truth [n]
 * @param {string[][]} predicted [n]
 * @param {string[]} [labels] their order; others that occur are appended in the order of their UTF-16 code units
 * @returns {MultiLabelMetrics}
 */
export function evaluateMultiLabel(truth, predicted, labels = []) {
  const { all, indexOf } = indexLabels(labels, [...truth.flat(), ...predicted.flat()]);
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
 * Precision, recall and F1 of counts.
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
 * Sums of counts.
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
 * All labels in their order, and the index of each.
 * @param {string[]} labels
 * @param {string[]} occurring
 */
function indexLabels(labels, occurring) {
  const known = new Set(labels);
  const all = [...known, ...[...new Set(occurring)].filter((label) => !known.has(label)).sort()];
  const indices = new Map(all.map((label, index) => [label, index]));
  return { all, indexOf: (/** @type {string} */ label) => /** @type {number} */ (indices.get(label)) };
}

const sum = (/** @type {number[]} */ values) => values.reduce((total, value) => total + value, 0);
const mean = (/** @type {number[]} */ values) => (values.length === 0 ? 0 : sum(values) / values.length);
