// The worker's side of `fit`: which function trains a head for each task.
import { fetchPart } from '../base/fetch-part.js';
import { fitAnswers } from './frozen/answers.js';
import { fitClassifier } from './frozen/classification.js';
import { fitRegressor } from './frozen/regression.js';
import { fitTagger } from './frozen/tokens.js';

/** @type {Record<string, (engine: import('../engine/engine.js').Engine, params: any, context: import('../rpc/serve.js').Context) => Promise<any>>} */
const fits = {
  'text-classification': fitClassifier,
  'multi-label': fitClassifier,
  regression: fitRegressor,
  'token-classification': fitTagger,
  'question-answering': fitAnswers,
};

/**
 * Trains a head, and what else of the model it says; for 'masked-lm' the model without a head of the caller's.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {{ task: string, tuning?: import('./deep/fit.js').Tuning | import('./contrastive/training.js').ContrastTuning }} params with the parameters of the task's function
 * @param {import('../rpc/serve.js').Context} context
 * @param {import('./deep/session.js').UntilAlone} untilAlone
 * @returns {Promise<any>} what the task's function gives, and `fingerprint`: that of the weights which it has read, or of its new ones. No other
 *   training has changed them meanwhile, since one waits until nobody reads them
 */
export async function fit(engine, params, context, untilAlone) {
  const fitted = await train(engine, params, context, untilAlone);
  return { ...fitted, fingerprint: engine.fingerprint };
}

/** @type {typeof fit} */
async function train(engine, params, context, untilAlone) {
  if (params.task === 'masked-lm') {
    const { pretrain } = await fetchPart(() => import('./deep/pretrain.js'));
    return pretrain(engine, /** @type {any} */ (params), context, untilAlone);
  }
  if (!params.tuning) return fits[params.task](engine, params, context);
  if (params.tuning.method === 'contrastive') {
    const { fitContrastive, fitSimilarity } = await fetchPart(() => import('./contrastive/index.js'));
    return (params.task === 'sentence-similarity' ? fitSimilarity : fitContrastive)(
      engine,
      /** @type {any} */ (params),
      context,
      untilAlone,
    );
  }
  const { tune } = await fetchPart(() => import('./deep/index.js'));
  return tune(engine, params, context, untilAlone);
}
