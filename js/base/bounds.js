// How much is kept of what can be had again: finished models, and in Node the files of models that were downloaded.

/** All that is in one place has no more bytes. The image of a model always fits, since WebAssembly's memory has no more. */
const MOST_BYTES = 4 * 2 ** 30;

/** What was not used for so long is removed, since its model may be gone: 60 days. */
const MOST_AGE_MS = 60 * 24 * 60 * 60 * 1000;

/** A place where things are kept, of which some have to go. @typedef {Pick<import('./platform.js').Store, 'list' | 'remove' | 'sweep'>} Place */

/**
 * Removes what was not used for long, and so much else, the least recently used first, that all fits.
 * @param {Place} place
 * @param {string} name of what is used now, or is to be written; it stays
 * @param {number} [size] that it will have, in bytes; default: the one that it has
 * @returns the others that are left, the least recently used one first
 */
export async function makeRoom(place, name, size) {
  await place.sweep();
  const { files, own } = await leastRecent(place, name);
  let total = files.reduce((sum, file) => sum + file.size, size ?? own);
  const left = [];
  for (const file of files) {
    const stays = file.busy || (total <= MOST_BYTES && file.used > Date.now() - MOST_AGE_MS);
    if (!stays && (await removed(place, file))) total -= file.size;
    else left.push(file);
  }
  return left;
}

/**
 * All that is there but one, the least recently used first, and the size of that one.
 * @param {Place} place
 * @param {string} name
 */
async function leastRecent(place, name) {
  const files = (await place.list()).sort((a, b) => a.used - b.used);
  return {
    files: files.filter((file) => file.name !== name),
    own: files.find((file) => file.name === name)?.size ?? 0,
  };
}

/** Whether something could be removed: another load may be reading or writing it. @param {Place} place @param {{ name: string }} file */
export const removed = (place, { name }) =>
  place.remove(name).then(
    () => true,
    () => false,
  );
