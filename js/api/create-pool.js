// The package's `createPool`.
import { fetchPart } from '../base/fetch-part.js';
import { guarded } from './guard.js';

/**
 * Several workers with the same model behind one object, for more than one core where threads can't share memory (a page that is not
 * cross-origin isolated), and for many calls at a time. `pool.dispose()` frees them.
 * @example
 * const pool = await createPool({ model: 'sentence-transformers/all-MiniLM-L6-v2', size: 2 });
 * const vectors = await pool.embed(texts); // on both
 * @param {import('../types.js').PoolOptions & import('../types.js').LoadOptions & import('../types.js').TaskOptions} options
 * @returns {Promise<import('./pool/pool.js').Pool>} rejects as `load`
 */
export function createPool(options) {
  return create(options);
}

/** @type {typeof createPool} */
const create = guarded(async (options) => (await fetchPart(() => import('./pool/pool.js'))).openPool(options));
