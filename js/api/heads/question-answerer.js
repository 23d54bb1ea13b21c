// A head that finds the answer to a question in a context.
import { bestAnswers } from '../../decode/answers.js';
import { BertletError } from '../../errors.js';
import { squadMetrics } from '../../metrics/answers.js';
import { checkAnsweredExamples, checkQuestions } from '../examples.js';
import { callOptions } from '../call-options.js';
import { Head } from './head.js';

/** @typedef {import('../../types.js').TaskOptions} TaskOptions */
/** @typedef {import('../../decode/answers.js').Answer} Answer */
/** @typedef {{ question: string, context: string }} QuestionInput */

/**
 * @typedef {object} AnswerOptions
 * @property {number} [topK] how many answers, at most; default 1
 * @property {number} [maxAnswerTokens] the longest answer; default 30
 * @property {boolean} [noAnswer] whether '' is a possible answer, with a score of its own; default false
 * @property {number} [maxTokens] of a window of a long context, with its question; default 384, or what the model reads
 * @property {number} [stride] tokens that a window shares with the one before; default 128
 */

export class QuestionAnswerer extends Head {
  /**
   * The best answers, the likeliest first. A long context is read in windows that overlap.
   * @template {QuestionInput | QuestionInput[]} T
   * @param {T} questions
   * @param {AnswerOptions & TaskOptions} [options]
   * @returns {Promise<T extends any[] ? Answer[][] : Answer[]>}
   */
  async answer(questions, { topK = 1, maxAnswerTokens = 30, noAnswer = false, maxTokens, stride, ...options } = {}) {
    for (const [name, value] of Object.entries({ topK, maxAnswerTokens }))
      if (!(Number.isInteger(value) && value >= 1))
        throw new BertletError('BAD_INPUT', `${name} is ${value}; it must be a positive integer.`);
    const list = checkQuestions(Array.isArray(questions) ? questions : [questions]);
    /** @type {Map<number, import('../../decode/answers.js').Window>[]} */
    const windows = list.map(() => new Map());
    const onPart = (
      /** @type {(import('../../decode/answers.js').Window & { question: number, index: number })[]} */ part,
    ) => {
      for (const { question, index, ...window } of part) windows[question].set(index, window);
    };
    await this.remote.call('questions', { questions: list, maxTokens, stride }, { ...callOptions(options), onPart });
    const results = list.map(([, context], question) => {
      const inOrder = [...windows[question]].sort(([a], [b]) => a - b).map(([, window]) => window);
      return bestAnswers(context, inOrder, { topK, maxAnswerTokens, noAnswer });
    });
    return /** @type {any} */ (Array.isArray(questions) ? results : results[0]);
  }

  /**
   * Answers the questions of examples and compares, as the official scripts of SQuAD do.
   * @param {import('../../types.js').AnsweredExample[]} examples
   * @param {AnswerOptions & TaskOptions} [options]
   * @returns {Promise<{ exactMatch: number, f1: number, n: number }>} percent
   */
  async evaluate(examples, options = {}) {
    checkAnsweredExamples(examples);
    const truth = examples.map(({ answers }) => answers.map(({ text }) => text));
    const noAnswer = truth.some((answers) => answers.length === 0);
    const answers = await this.answer(examples, { noAnswer, ...options, topK: 1 });
    return squadMetrics(
      answers.map(([best]) => best?.answer ?? ''),
      truth,
    );
  }
}
