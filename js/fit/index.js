// The worker's side of `fit`: one file for each task.
import { fitAnswers } from './answers.js';
import { fitClassifier } from './classification.js';
import { fitTagger } from './tokens.js';

/** @type {Record<string, (engine: import('../engine.js').Engine, params: any, context: import('../rpc.js').Context) => Promise<any>>} */
const fits = {
  'text-classification': fitClassifier,
  'multi-label': fitClassifier,
  'token-classification': fitTagger,
  'question-answering': fitAnswers,
};

/**
 * @param {import('../engine.js').Engine} engine
 * @param {{ task: string }} params of the task
 * @param {import('../rpc.js').Context} context
 */
export const fit = (engine, params, context) => fits[params.task](engine, params, context);
