// Makes heads whose classes a page fetches only when it uses them.
import { QuestionAnswerer } from './question-answerer.js';
import { SentenceSimilarity } from './sentence-similarity.js';
import { TextRegressor } from './text-regressor.js';
import { TokenClassifier } from './token-classifier.js';

const CLASSES = {
  regression: TextRegressor,
  'token-classification': TokenClassifier,
  'question-answering': QuestionAnswerer,
  'sentence-similarity': SentenceSimilarity,
};

/**
 * @param {keyof typeof CLASSES} task
 * @param {ConstructorParameters<typeof import('./head.js').Head>} parts
 */
export const createLazyHead = (task, ...parts) => new CLASSES[task](...parts);
