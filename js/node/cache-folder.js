// Where files are that can be downloaded or made again.
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/**
 * A folder in BERTLET_HOME, or else where the user's caches are.
 * @param {string} name
 * @returns {string} its path; it need not exist
 */
export function cacheFolder(name) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(process.env.BERTLET_HOME || join(cache, 'bertlet'), name);
}
