// The package's public interface.
export { BertletError } from './errors.js';
export { createModel } from './api/create-model.js';
export { createPool } from './api/create-pool.js';
export { load } from './api/load.js';
export { Model } from './api/model.js';
export * from './types.js'; // types alone
export { cosineSimilarity, search } from './api/similarity.js';
export { clearCache, listCache, loadTokenizer, trainVocabulary } from './api/without-model.js';

/** @typedef {import('./errors.js').ErrorCode} ErrorCode */
/** @typedef {import('./api/heads/any-head.js').AnyHead} AnyHead */
/** @typedef {import('./api/heads/text-classifier.js').TextClassifier} TextClassifier */
/** @typedef {import('./api/heads/token-classifier.js').TokenClassifier} TokenClassifier */
/** @typedef {import('./api/heads/question-answerer.js').QuestionAnswerer} QuestionAnswerer */
/** @typedef {import('./api/heads/sentence-similarity.js').SentenceSimilarity} SentenceSimilarity */
/** @template {import('./types.js').HeadTask} K @typedef {import('./api/heads/any-head.js').HeadOf<K>} HeadOf */
/** @template {import('./types.js').HeadTask} K @typedef {import('./api/heads/any-head.js').FittedHead<K>} FittedHead */
/** @typedef {import('./api/heads/text-regressor.js').TextRegressor} TextRegressor */
/** @typedef {import('./api/pool/pool.js').Pool} Pool */
/** @typedef {import('./api/tokenizer.js').StandaloneTokenizer} StandaloneTokenizer */
