// Fetches what calls may need before the network is gone, or the server has another version.
import { whenIdle } from '#platform';
import { fetchPart } from '../base/fetch-part.js';
import { fetchLazy } from './fetch-lazy.js';

/** @returns {Promise<typeof import('./rerank.js')>} rejects with NETWORK */
export const fetchRerank = () => fetchPart(() => import('./rerank.js'));

/**
 * Fetches what not every page uses as soon as nothing has been asked of the model for a second. What can't be fetched is tried again when it
 * is needed.
 * @param {import('../rpc/connection.js').Connection} connection to the model's worker, which fetches its own part
 */
export function fetchAhead(connection) {
  whenIdle(() => {
    if (connection.state === 'busy') fetchAhead(connection);
    if (connection.state !== 'idle') return;
    for (const fetching of [fetchLazy, fetchRerank]) fetching().catch(() => {});
    connection.tell('fetchLazy', {});
  });
}
