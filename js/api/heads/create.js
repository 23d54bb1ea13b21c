// Makes heads: each task has its class.
import { fetchLazy } from '../fetch-lazy.js';
import { TextClassifier } from './text-classifier.js';

/** @typedef {import('./any-head.js').AnyHead} AnyHead */

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
