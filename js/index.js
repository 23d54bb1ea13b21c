// The package's public interface.
export { clearCache, listCache } from './io/cache-contents.js';
export { BertletError } from './errors.js';
export { createModel } from './api/create-model.js';
export { load } from './api/load.js';
export { Model } from './api/model.js';
export { cosineSimilarity, search } from './api/similarity.js';
export { loadTokenizer, trainVocabulary } from './api/without-model.js';

/** @typedef {import('./errors.js').ErrorCode} ErrorCode */
/** @typedef {import('./api/heads/create.js').AnyHead} AnyHead */
/** @typedef {import('./api/heads/text-classifier.js').TextClassifier} TextClassifier */
/** @typedef {import('./api/heads/token-classifier.js').TokenClassifier} TokenClassifier */
/** @typedef {import('./api/heads/question-answerer.js').QuestionAnswerer} QuestionAnswerer */
/** @typedef {import('./api/heads/sentence-similarity.js').SentenceSimilarity} SentenceSimilarity */
/** @typedef {import('./metrics/classification.js').Metrics} Metrics */
/** @typedef {import('./types.js').ModelSpec} ModelSpec */
/** @typedef {import('./types.js').FileContent} FileContent */
/** @typedef {import('./types.js').LoadOptions} LoadOptions */
/** @typedef {import('./types.js').TaskOptions} TaskOptions */
/** @typedef {import('./types.js').Progress} Progress */
/** @typedef {import('./types.js').ModelInfo} ModelInfo */
/** @typedef {import('./types.js').EmbedOptions} EmbedOptions */
/** @typedef {import('./types.js').ClassifyOptions} ClassifyOptions */
/** @typedef {import('./types.js').FitOptions} FitOptions */
/** @typedef {import('./types.js').FitReport} FitReport */
/** @typedef {import('./types.js').FitMethod} FitMethod */
/** @typedef {import('./types.js').EpochReport} EpochReport */
/** @typedef {import('./types.js').ScoredExample} ScoredExample */
/** @typedef {import('./types.js').PairExample} PairExample */
/** @typedef {import('./types.js').SimilarityScores} SimilarityScores */
/** @typedef {import('./types.js').ContrastiveComparison} ContrastiveComparison */
/** @typedef {import('./types.js').PretrainOptions} PretrainOptions */
/** @typedef {import('./types.js').PretrainReport} PretrainReport */
/** @typedef {import('./types.js').NewModelOptions} NewModelOptions */
/** @typedef {import('./types.js').Example} Example */
/** @typedef {import('./types.js').Encoding} Encoding */
/** @typedef {import('./api/tokenizer.js').StandaloneTokenizer} StandaloneTokenizer */
/** @typedef {import('./types.js').VocabularyOptions} VocabularyOptions */
/** @typedef {import('./types.js').TrainedVocabulary} TrainedVocabulary */
/** @typedef {import('./types.js').Prediction} Prediction */
/** @typedef {import('./types.js').CurvePoint} CurvePoint */
/** @typedef {import('./types.js').PretrainMeasurement} PretrainMeasurement */
/** @typedef {import('./types.js').MaskFill} MaskFill */
/** @typedef {import('./types.js').CacheEntry} CacheEntry */
