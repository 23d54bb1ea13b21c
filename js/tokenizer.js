// The entry `bertlet/tokenizer`: what needs no model, for pages and programs that load none.
export { BertletError } from './errors.js';
export { loadTokenizer, trainVocabulary } from './api/without-model.js';

/** @typedef {import('./api/tokenizer.js').StandaloneTokenizer} StandaloneTokenizer */
/** @typedef {import('./types.js').TokenizerOptions} TokenizerOptions */
/** @typedef {import('./types.js').VocabularyOptions} VocabularyOptions */
/** @typedef {import('./types.js').TrainedVocabulary} TrainedVocabulary */
/** @typedef {import('./types.js').Encoding} Encoding */
/** @typedef {import('./types.js').TextInput} TextInput */
