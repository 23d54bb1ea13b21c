// What looks wrong with labelled texts, although each of them is in order.

/** @typedef {{ text: string, textPair?: string, line: number, label?: string, labels?: string[] }} LabelledText */

/** From so many examples on, as many labels as examples are no small set. */
const MANY = 8;

/**
 * @param {LabelledText[]} examples with one label each, or any number
 * @param {string} path of their file
 * @returns {string[]} sentences that name it; empty if nothing looks wrong
 */
export function findSuspicions(examples, path) {
  /** Labels with the examples that have them. @type {Map<string, LabelledText[]>} */
  const byLabel = new Map();
  for (const example of examples) {
    for (const label of example.labels ?? [String(example.label)]) {
      if (byLabel.has(label)) byLabel.get(label)?.push(example);
      else byLabel.set(label, [example]);
    }
  }
  const swapped = byLabel.size > 0.8 * examples.length && examples.length >= MANY;
  const found = [
    swapped &&
      `there are ${byLabel.size} labels for ${examples.length} examples` +
        (new Set(examples.map(keyOf)).size < byLabel.size
          ? ' and fewer texts than labels. Are the columns swapped?'
          : '. Is this the column of the labels?'),
    numbers([...byLabel.keys()]),
    ...alike([...byLabel.keys()]),
    !swapped && single(byLabel),
    ...repeated(examples),
    empty(examples),
  ];
  return found.filter((one) => typeof one === 'string').map((one) => `${path}: ${one}`);
}

/**
 * @param {import('./pairs.js').PairExample[]} pairs
 * @param {string} path of their file
 * @returns {string[]} as of `findSuspicions`
 */
export function findPairSuspicions(pairs, path) {
  const scores = new Set(pairs.map(({ score }) => score));
  const [score] = scores;
  const found = [
    scores.size === 1 &&
      score !== undefined &&
      pairs.length > 1 &&
      `all pairs have the score ${score}, so there is nothing to tell apart.`,
    empty(pairs.map(({ text, textPair, line }) => ({ text: text.trim() && textPair, line }))),
  ];
  return found.filter((one) => typeof one === 'string').map((one) => `${path}: ${one}`);
}

/** What makes two examples have the same text or pair. @param {LabelledText} example */
const keyOf = ({ text, textPair }) => (textPair === undefined ? text : JSON.stringify([text, textPair]));

/** @param {string[]} names */
const listed = (names) =>
  names
    .slice(0, 5)
    .map((name) => `"${name}"`)
    .join(', ') + (names.length > 5 ? `, … (${names.length} in all)` : '');

/** @param {LabelledText[]} examples */
function lines(examples) {
  const named = examples.slice(0, 5).map(({ line }) => line);
  return `line${examples.length > 1 ? 's' : ''} ${named.join(', ')}${examples.length > named.length ? ', …' : ''}`;
}

/** @param {string[]} labels */
function numbers(labels) {
  if (!labels.every((label) => /^[+-]?\d+([.,]\d+)?$/.test(label))) return undefined;
  // 0 and 1 are usual names for no and yes.
  if (labels.length <= 2 && labels.every((label) => /^[01]$/.test(label))) return undefined;
  return `the labels are numbers (${listed(labels)}). Each is a label of its own, as near to one other as to any; --labels gives them names.`;
}

/**
 * Labels that differ by case or white space only.
 * @param {string[]} labels
 */
function alike(labels) {
  /** @type {Map<string, string[]>} */
  const byName = new Map();
  for (const label of labels) {
    const name = label
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/[\s_-]+/g, ' ');
    byName.set(name, [...(byName.get(name) ?? []), label]);
  }
  return [...byName.values()]
    .filter((group) => group.length > 1)
    .slice(0, 3)
    .map((group) => `the labels ${listed(group)} differ by case or spaces only, and are taken for different ones.`);
}

/** @param {Map<string, LabelledText[]>} byLabel */
function single(byLabel) {
  const names = [...byLabel].filter(([, examples]) => examples.length === 1).map(([label]) => label);
  if (names.length === 0) return undefined;
  const what = names.length === 1 ? 'the label' : 'the labels';
  return `${what} ${listed(names)} ${names.length === 1 ? 'has one example' : 'have one example each'}, too few to learn from or to measure on.`;
}

/**
 * Texts that occur more than once, with the same labels or others.
 * @param {LabelledText[]} examples
 */
function repeated(examples) {
  /** @type {Map<string, LabelledText>} */
  const firsts = new Map();
  /** @type {LabelledText[]} */
  const same = [];
  /** @type {LabelledText[]} */
  const contrary = [];
  const labelsOf = (/** @type {LabelledText} */ { label, labels }) =>
    JSON.stringify(labels ? [...labels].sort() : label);
  for (const example of examples) {
    const key = keyOf(example);
    const first = firsts.get(key);
    if (!first) firsts.set(key, example);
    else (labelsOf(first) === labelsOf(example) ? same : contrary).push(example);
  }
  const count = (/** @type {LabelledText[]} */ list) =>
    `${list.length} ${list.length === 1 ? 'example repeats' : 'examples repeat'}`;
  return [
    contrary.length > 0 &&
      `${count(contrary)} the text of an earlier one with another label (${lines(contrary)}, first in line ${firsts.get(keyOf(contrary[0]))?.line}).`,
    same.length > 0 && `${count(same)} an earlier one (${lines(same)}). Measured accuracies are too good by these.`,
  ];
}

/** @param {LabelledText[]} examples */
function empty(examples) {
  const blank = examples.filter(({ text }) => text.trim() === '');
  return (
    blank.length > 0 && `${blank.length} of the texts ${blank.length === 1 ? 'is' : 'are'} empty (${lines(blank)}).`
  );
}
