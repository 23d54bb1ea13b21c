// A head of the class of its task, from its data.
import { TextClassifier } from './text-classifier.js';

/** @typedef {import('./token-classifier.js').TokenClassifier} TokenClassifier */
/** @typedef {import('./question-answerer.js').QuestionAnswerer} QuestionAnswerer */
/** @typedef {TextClassifier | TokenClassifier | QuestionAnswerer} AnyHead */

/** What only some pages need, fetched when it is needed. */
export const fetchLazy = () => import('../lazy.js');

/**
 * @param {import('../../rpc/connection.js').Connection} connection
 * @param {import('../../checkpoint/head-file.js').HeadData} data
 * @returns {Promise<AnyHead>}
 */
export async function createHead(connection, data) {
  if (data.task === 'text-classification' || data.task === 'multi-label')
    return new TextClassifier(connection, data, fetchLazy);
  const { QuestionAnswerer, TokenClassifier } = await fetchLazy();
  return new (data.task === 'token-classification' ? TokenClassifier : QuestionAnswerer)(connection, data, fetchLazy);
}
