// "Train deeper": the model itself learns from the user's examples, by small additions to it, and what that brings is measured. Few examples
// tune it in pairs, many one by one.
import { byText } from '../examples/examples.js';
import { kinds } from '../examples/kinds.js';
import { percent } from '../shared/format.js';
import { paragraph, score } from '../shared/report.js';

/** @typedef {import('bertlet').Model} Model */
/** @typedef {import('bertlet').TextClassifier} Head */
/** @typedef {import('../examples/types.js').Examples} Examples */
/** @typedef {import('bertlet').FitOptions} FitOptions */

/** Examples of a label, in the mean, from which each by itself tells enough. */
const MANY = 64;

/** Of the most frequent label, below which pairs can't be left out in turn. */
const FEWEST = 3;

/** Share that is held out of many. */
const VALIDATION = 0.2;

/**
 * How the model is to be tuned. Pairs of texts are no texts whose vectors could become alike, so they are learned one by one, too.
 * @param {Examples} examples
 * @returns {'contrastive' | 'lora'}
 */
export const methodFor = ({ kind, items }) =>
  kind === 'pairs' || items.length / sizesOf(items).length >= MANY ? 'lora' : 'contrastive';

/** How many examples each label has, the most first. @param {Examples['items']} items */
function sizesOf(items) {
  /** @type {Map<string, number>} */
  const sizes = new Map();
  for (const { label } of items) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  return [...sizes.values()].sort((a, b) => b - a);
}

/** What stands in the way of it, or ''. @param {Examples} examples */
export function whyNotDeeper(examples) {
  const [most = 0] = sizesOf(examples.items);
  if (methodFor(examples) === 'contrastive' && most < FEWEST) return `It needs ${FEWEST} examples of some label.`;
  if (methodFor(examples) === 'lora' && examples.items.length < 20)
    return 'It needs 20 examples, of which some are held out.';
  return '';
}

/**
 * @typedef {object} Deeper
 * @property {Head} head the better of both
 * @property {boolean} isTuned whether that is the tuned one
 * @property {number} tuned what the tuned model reached on examples that it had not seen: accuracy, or of several labels F1
 * @property {number} frozen what the layer on top reaches on the same
 * @property {'cross-validation' | 'validation'} measuredOn
 */

/**
 * @param {Model} model
 * @param {Examples} examples
 * @param {Head} frozen the layer on top that has learned from them
 * @param {{ signal: AbortSignal, onProgress: FitProgress, onWarning: (message: string) => void }} options
 * @returns {Promise<Deeper>}
 * @typedef {(progress: import('bertlet').Progress) => void} FitProgress
 */
export async function trainDeeper(model, examples, frozen, options) {
  const { kind, items } = examples;
  const given = /** @type {any[]} */ (kind === 'several' ? byText(items) : items);
  const { task } = kinds[kind].fit;
  if (methodFor(examples) === 'contrastive') return tuneInPairs(model, given, task, options);

  const common = { task, validation: VALIDATION, seed: 0, ...options };
  const before = await model.fit(given, { ...kinds[kind].fit, ...common });
  const tuned = await model.fit(given, { ...common, method: 'lora', onWarning() {} }); // it would say the same as above
  const shares = { tuned: shareOf(tuned.report?.validation), frozen: shareOf(before.report?.validation) };
  const isTuned = shares.tuned > shares.frozen;
  return { head: isTuned ? tuned : frozen, isTuned, ...shares, measuredOn: 'validation' };
}

/**
 * `fit` itself measures what it brings, and keeps it unless it does harm.
 * @param {Model} model
 * @param {any[]} given
 * @param {'multi-label' | undefined} task
 * @param {Parameters<typeof trainDeeper>[3]} options
 * @returns {Promise<Deeper>}
 */
async function tuneInPairs(model, given, task, options) {
  const head = /** @type {Head} */ (await model.fit(given, { task, method: 'contrastive', ...options }));
  const { tuned, frozen, kept, measuredOn } = /** @type {any} */ (head.report).comparison;
  return { head, isTuned: kept === 'tuned', tuned: shareOf(tuned), frozen: shareOf(frozen), measuredOn };
}

/** @param {boolean} isTuned @param {boolean} isMore */
function verdict(isTuned, isMore) {
  if (!isTuned) return 'That is no gain, so the layer on top alone is kept: nothing is lost.';
  if (isMore) return 'So what the model itself has learned is kept, as a small addition to it.';
  return 'So few examples can hardly tell the two apart. What the model itself has learned is kept, since that helps more often than not.';
}

/** @param {{ accuracy?: number, microF1?: number, labels?: unknown } | any} measured */
const shareOf = ({ accuracy = 0, microF1 = accuracy }) => microF1;

/**
 * What it brought.
 * @param {Deeper} deeper
 * @param {boolean} several labels, of which F1 is told
 * @returns {HTMLElement[]}
 */
export function reportDeeper({ isTuned, tuned, frozen, measuredOn }, several) {
  const where = measuredOn === 'validation' ? 'held-out examples' : 'examples that were left out in turn';
  const what = several ? 'agreement with your labels (F1)' : 'right';
  return [
    score(tuned, `${what} on ${where}; ${percent(frozen)} with a layer on top alone.`),
    paragraph(verdict(isTuned, tuned > frozen)),
  ];
}
