// Checks of the examples and questions that callers give, for each task.
import { BertletError } from '../errors.js';
import { toTexts } from './texts.js';

/** @typedef {import('../types.js').Example} Example */
/** @typedef {import('../tokenize/tokenizer.js').Text} Text */

/**
 * Checks examples of texts. Throws BAD_INPUT or NO_EXAMPLES, and what `checkTarget` throws.
 * @template {{ text: string }} E
 * @param {E[]} examples
 * @param {string} target name of what a text has beside it
 * @param {string} few how many are needed, a sentence
 * @param {(example: E, i: number) => void} checkTarget called for each example
 * @returns {Text[]} [examples]
 */
function checkTexts(examples, target, few, checkTarget) {
  if (!Array.isArray(examples)) throw new BertletError('BAD_INPUT', `Examples are an array of { text, ${target} }.`);
  if (examples.length === 0) throw new BertletError('NO_EXAMPLES', `There are no examples. ${few}`);
  examples.forEach((example, i) => {
    if (typeof example?.text !== 'string')
      throw new BertletError('BAD_INPUT', `Example ${i} has no text: it must be { text, ${target} }.`);
    checkTarget(example, i);
  });
  return toTexts(examples);
}

/**
 * Checks examples with one label each. Throws BAD_INPUT, NO_EXAMPLES or BAD_LABELS.
 * @param {Example[]} examples
 * @returns {{ texts: Text[], labels: string[] }} [examples] each; labels that are numbers as strings
 */
export function checkExamples(examples) {
  const texts = checkTexts(examples, 'label', 'Give at least two, with different labels.', ({ label }, i) => {
    if (!(typeof label === 'string' && label !== '') && !Number.isFinite(label)) {
      throw new BertletError(
        'BAD_LABELS',
        `The label of example ${i} is ${JSON.stringify(label)}; it must be a string or a number.`,
      );
    }
  });
  return { texts, labels: examples.map(({ label }) => String(label)) };
}

/**
 * Checks examples with any number of labels. Throws BAD_INPUT, NO_EXAMPLES or BAD_LABELS.
 * @param {import('../types.js').MultiLabelExample[]} examples
 * @returns {{ texts: Text[], labels: string[][] }} [examples] each; no label twice
 */
export function checkMultiLabelExamples(examples) {
  const texts = checkTexts(examples, 'labels', 'Give at least two.', ({ labels }, i) => {
    if (!Array.isArray(labels) || labels.some((label) => typeof label !== 'string' || label === '')) {
      throw new BertletError(
        'BAD_LABELS',
        `The labels of example ${i} are ${JSON.stringify(labels)}; they must be an array of strings.`,
      );
    }
  });
  return { texts, labels: examples.map(({ labels }) => [...new Set(labels)]) };
}

/**
 * Checks examples with a number each. Throws BAD_INPUT, NO_EXAMPLES or BAD_LABELS.
 * @param {import('../types.js').ScoredExample[]} examples
 * @returns {{ texts: Text[], scores: number[] }} [examples] each
 */
export function checkScoredExamples(examples) {
  const texts = checkTexts(examples, 'score', 'Give at least two.', ({ score }, i) => {
    if (!Number.isFinite(score))
      throw new BertletError(
        'BAD_LABELS',
        `The score of example ${i} is ${JSON.stringify(score)}; it must be a number.`,
      );
  });
  return { texts, scores: examples.map(({ score }) => score) };
}

/**
 * Checks pairs of texts, each perhaps with a text that does not belong to it, or with a score. Throws BAD_INPUT, NO_EXAMPLES or BAD_LABELS.
 * @param {import('../types.js').PairExample[]} examples
 * @param {number} [most] that a score may be; the least is 0, or less than none if this is infinite
 * @returns {{ texts: string[][], scores?: number[] }} [examples] each: two texts or three; `scores` if the first example has one
 */
export function checkPairExamples(examples, most = 1) {
  const given = checkTexts(/** @type {any[]} */ (examples), 'textPair', 'Give at least two pairs.', (example, i) => {
    const { textPair, negative, score } = example;
    if (typeof textPair !== 'string' || !(negative === undefined || typeof negative === 'string'))
      throw new BertletError(
        'BAD_INPUT',
        `Example ${i} is no pair: it must be { text, textPair }, two strings, perhaps with negative, a third one, or score, a number.`,
      );
    if (negative !== undefined && score !== undefined)
      throw new BertletError('BAD_INPUT', `Example ${i} has a negative and a score. Give one of them.`);
    if ((score === undefined) !== (examples[0].score === undefined))
      throw new BertletError('BAD_LABELS', `Some pairs have a score, but not example ${score === undefined ? i : 0}.`);
    if (score === undefined || (Number.isFinite(score) && (most === Infinity || (score >= 0 && score <= most)))) return;
    throw new BertletError(
      'BAD_LABELS',
      `The score of example ${i} is ${JSON.stringify(score)}; it must be a number` +
        (most === Infinity ? '.' : ` from 0, nothing in common, to ${most}, the same. Divide scores of another scale.`),
    );
  });
  const texts = given.map(([text, textPair], i) => {
    const { negative } = examples[i];
    return [text, /** @type {string} */ (textPair), ...(negative === undefined ? [] : [negative])];
  });
  return examples[0].score === undefined
    ? { texts }
    : { texts, scores: examples.map(({ score }) => /** @type {number} */ (score)) };
}

/** Whether a value is an array of strings that are not empty. @param {unknown} list */
const areWords = (list) => Array.isArray(list) && list.every((item) => typeof item === 'string' && item !== '');

/** Throws BAD_INPUT for what are no sentences. @param {string[][]} sentences [sentences][words] */
export function checkSentences(sentences) {
  if (!Array.isArray(sentences) || !sentences.every(areWords))
    throw new BertletError('BAD_INPUT', 'Sentences are an array of arrays of words, [["Ada", "lives", "here"]].');
}

/**
 * Checks sentences with a tag for each word. Throws BAD_INPUT, NO_EXAMPLES or BAD_LABELS.
 * @param {import('../types.js').TaggedExample[]} examples
 * @returns {{ words: string[][], tags: string[][] }} [sentences][words] each
 */
export function checkTaggedExamples(examples) {
  if (!Array.isArray(examples)) throw new BertletError('BAD_INPUT', 'Examples are an array of { words, tags }.');
  if (examples.length === 0) throw new BertletError('NO_EXAMPLES', 'There are no examples. Give at least two.');
  examples.forEach((example, i) => {
    if (!areWords(example?.words))
      throw new BertletError('BAD_INPUT', `Example ${i} has no words: it must be { words, tags }, arrays of strings.`);
    const { words, tags } = example;
    if (!areWords(tags) || tags.length !== words.length) {
      throw new BertletError(
        'BAD_LABELS',
        `Example ${i} has ${words.length} words, and ${JSON.stringify(tags)} as tags; every word needs a tag, "O" if it is in no entity.`,
      );
    }
  });
  return { words: examples.map(({ words }) => words), tags: examples.map(({ tags }) => tags) };
}

/**
 * The different labels of examples, sorted: the names of a head's outputs. Throws ONE_CLASS if there is nothing to tell apart.
 * @param {string[][]} given [examples] the labels of each
 * @param {import('../types.js').HeadTask} task
 * @returns {string[]}
 */
export function labelNames(given, task) {
  const names = [...new Set(given.flat())].sort();
  // Where a text may have any number of labels, a single one is enough if some texts lack it.
  const multiLabel = task === 'multi-label';
  if (names.length > 1 || (multiLabel && names.length === 1 && given.some((labels) => labels.length === 0)))
    return names;
  const tagged = task === 'token-classification';
  const all = `All ${tagged ? 'words have the tag' : 'examples have the label'} "${names[0]}"`;
  throw new BertletError(
    'ONE_CLASS',
    `${names.length === 0 ? 'No example has a label' : all}; ` +
      (multiLabel
        ? 'texts with a label and texts without it are needed.'
        : `at least two ${tagged ? 'tags' : 'labels'} are needed.`),
  );
}

/**
 * Checks questions with their contexts. Throws BAD_INPUT.
 * @param {{ question: string, context: string }[]} questions
 * @returns {[question: string, context: string][]}
 */
export function checkQuestions(questions) {
  return questions.map((input, i) => {
    const { question, context } = input ?? {};
    if (typeof question === 'string' && typeof context === 'string') return [question, context];
    throw new BertletError('BAD_INPUT', `Question ${i} must be { question, context }, two strings.`);
  });
}

/**
 * Checks questions with their answers. Throws BAD_INPUT or NO_EXAMPLES.
 * @param {import('../types.js').AnsweredExample[]} examples
 * @returns {{ questions: [question: string, context: string][], answers: { start: number, end: number }[][] }} `answers`: [examples]
 *   [answers] where they are in the context, in UTF-16 code units
 */
export function checkAnsweredExamples(examples) {
  if (!Array.isArray(examples))
    throw new BertletError('BAD_INPUT', 'Examples are an array of { question, context, answers }.');
  if (examples.length === 0) throw new BertletError('NO_EXAMPLES', 'There are no examples.');
  const questions = checkQuestions(examples);
  const answers = examples.map(({ context, answers: given }, i) => {
    if (!Array.isArray(given))
      throw new BertletError(
        'BAD_INPUT',
        `Example ${i} has no answers: an array of { text, start }, empty for no answer.`,
      );
    return given.map((answer) => {
      const { text, start } = answer ?? {};
      if (typeof text !== 'string' || text === '' || !Number.isInteger(start) || !context.startsWith(text, start)) {
        throw new BertletError(
          'BAD_INPUT',
          `The answer ${JSON.stringify(text)} of example ${i} is not at ${start} in its context, counted in UTF-16 units.`,
        );
      }
      return { start, end: start + text.length };
    });
  });
  return { questions, answers };
}
