// Parts of bertlet that a page fetches only when it needs them.
import { BertletError } from '../errors.js';

/**
 * Fetches a part. After a failure a later call tries it again; in Firefox only after the page has been loaded anew.
 * @template T
 * @param {() => Promise<T>} importing calls `import()`, so that bundlers see what it names
 * @returns {Promise<T>} rejects with NETWORK: there is no connection, or the server has another version by now
 */
export const fetchPart = (importing) =>
  importing().catch((error) => {
    const remedy = 'Check the connection and try again, or load the page anew.';
    throw new BertletError('NETWORK', `A part of bertlet could not be fetched: ${error.message}. ${remedy}`, {
      cause: error,
    });
  });
