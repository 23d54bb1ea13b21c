// The types of heads, by their tasks.

/**
 * The class of a head for one task; for several, a union that `head.task` narrows.
 * @template {import('../../types.js').HeadTask} K
 * @typedef {K extends 'token-classification' ? import('./token-classifier.js').TokenClassifier
 *   : K extends 'regression' ? import('./text-regressor.js').TextRegressor
 *   : K extends 'sentence-similarity' ? import('./sentence-similarity.js').SentenceSimilarity
 *   : K extends 'question-answering' ? import('./question-answerer.js').QuestionAnswerer
 *   : import('./text-classifier.js').TextClassifier} HeadOf
 */

/**
 * A head as `fit` gives it: with its report.
 * @template {import('../../types.js').HeadTask} K
 * @typedef {HeadOf<K> & { readonly report: import('../../types.js').FitReport<K> }} FittedHead
 */

/** @typedef {HeadOf<import('../../types.js').HeadTask>} AnyHead */

export {};
