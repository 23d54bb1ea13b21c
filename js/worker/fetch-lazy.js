// Fetches what not every model uses.
import { fetchPart } from '../base/fetch-part.js';

/** @returns {Promise<typeof import('./lazy.js')>} rejects with NETWORK */
export const fetchLazy = () => fetchPart(() => import('./lazy.js'));
