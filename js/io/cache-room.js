// Room in the cache: what has to go for an entry.
import { makeRoom, removed } from '../base/bounds.js';
import { sizeOf } from './streams.js';

/** @typedef {import('../base/platform.js').Store} Store */

/**
 * Writes an entry. Where there is less room than the cache may take, others go for it, the least recently used ones first.
 * @param {Store} store
 * @param {string} name
 * @param {Uint8Array[]} parts
 */
export async function writeEntry(store, name, parts) {
  const files = await makeRoom(store, name, sizeOf(parts));
  for (;;) {
    try {
      return await store.write(name, parts);
    } catch (error) {
      if (!isFull(error)) throw error;
      let file = files.shift();
      while (file && !(await removed(store, file))) file = files.shift();
      if (!file) throw error;
    }
  }
}

/** Whether an error says that there is no room. @param {any} error of a browser, or of Node */
const isFull = ({ name, code }) => name === 'QuotaExceededError' || code === 'ENOSPC';
