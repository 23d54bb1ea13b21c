// The entry `bertlet/train`: what trains a model from nothing.
export { BertletError } from './errors.js';
export { createModel } from './api/create-model.js';
export { trainVocabulary } from './api/without-model.js';

/** @typedef {import('./api/model.js').Model} Model */
/** @typedef {import('./types.js').NewModelOptions} NewModelOptions */
/** @typedef {import('./types.js').PretrainOptions} PretrainOptions */
/** @typedef {import('./types.js').PretrainReport} PretrainReport */
/** @typedef {import('./types.js').VocabularyOptions} VocabularyOptions */
/** @typedef {import('./types.js').TrainedVocabulary} TrainedVocabulary */
