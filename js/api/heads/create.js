// Makes heads: each task has its class.
import { fetchLazy } from '../fetch-lazy.js';
import { TextClassifier } from './text-classifier.js';

/** @typedef {import('./token-classifier.js').TokenClassifier} TokenClassifier */
/** @typedef {import('./question-answerer.js').QuestionAnswerer} QuestionAnswerer */
/** @typedef {import('./text-regressor.js').TextRegressor} TextRegressor */
/** @typedef {import('./sentence-similarity.js').SentenceSimilarity} SentenceSimilarity */
/** @typedef {TextClassifier | TextRegressor | TokenClassifier | QuestionAnswerer | SentenceSimilarity} AnyHead */

/**
 * Makes a head of its data; the class depends on the task.
 * @param {import('./remote-head.js').RemoteHead} remote whose weights the worker has
 * @param {import('../../checkpoint/head-file.js').HeadData} data
 * @returns {Promise<AnyHead>}
 */
export async function createHead(remote, data) {
  if (data.task === 'text-classification' || data.task === 'multi-label')
    return new TextClassifier(remote, data, fetchLazy);
  return (await fetchLazy()).createLazyHead(data.task, remote, data, fetchLazy);
}
