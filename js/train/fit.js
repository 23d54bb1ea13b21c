// The worker's side of `fit`: which function trains a head for each task.
import { fitAnswers } from './frozen/answers.js';
import { fitClassifier } from './frozen/classification.js';
import { fitTagger } from './frozen/tokens.js';

/** @type {Record<string, (engine: import('../engine/engine.js').Engine, params: any, context: import('../rpc/serve.js').Context) => Promise<any>>} */
const fits = {
  'text-classification': fitClassifier,
  'multi-label': fitClassifier,
  'token-classification': fitTagger,
  'question-answering': fitAnswers,
};

/**
 * Trains a head.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {{ task: string }} params with the parameters of the task's function
 * @param {import('../rpc/serve.js').Context} context
 */
export const fit = (engine, params, context) => fits[params.task](engine, params, context);
