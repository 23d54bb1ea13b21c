// The cache of loaded models: what one load reads from it, checks, and writes to it. An entry holds the small files that a model was
// read from, and its image, which is its weights as the core packed them (bertlet_model_image); it comes back by one read.
import { openStore } from '#platform';
import { makeRoom } from '../base/bounds.js';
import { BertletError, toWire } from '../errors.js';
import { encodeHeader, Entry } from './cache-entry.js';
import { writeEntry } from './cache-room.js';
import { isWeights } from './file-name.js';
import { isAbsent } from './sources.js';
import { chunksOf, readAll } from './streams.js';

/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('../base/platform.js').Store} Store */
/** @typedef {import('./cache-entry.js').CachedFile} CachedFile */
/** @typedef {import('./cache-entry.js').Label} Label */

/** @typedef {true | false | 'refresh'} CacheUse true: read and write the cache; false: neither; 'refresh': only write it */

const SUFFIX = '.bertlet';

/** The entry's file that holds what else, beside the image, was made of the model's files; no model has a file of this name. */
const EXTRAS = '#extras';

/**
 * @typedef {object} Identity what tells one entry of the cache from another
 * @property {string} source the source's `identity`
 * @property {import('../types.js').Dtype} dtype
 * @property {number} int8Path bertlet_int8_path(), how the engine multiplies 8-bit numbers: images of int8 models depend on it
 */

/**
 * The name of an entry's file, and the prefix that all entries of the same source share.
 * @param {Identity} identity
 */
async function entryName({ source, dtype, int8Path }) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(source)));
  const hash = Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { prefix: `${hash}-`, name: `${hash}-${dtype}${dtype === 'int8' ? int8Path : ''}${SUFFIX}` };
}

/**
 * Whether reading an entry is faster than loading the model again. It is not for f32 from a local disk, where the image is as large
 * as the original (docs/performance.md); in int8 it saves quantizing, and has a quarter of the bytes.
 * @param {Source} source
 * @param {import('../types.js').Dtype} dtype
 */
const isWorthCaching = (source, dtype) => !source.local || dtype === 'int8';

/** The cache as one load sees it. An error of the cache never fails the load: it becomes a note. */
export class Cache {
  /** What went wrong, for `info.notes`. @type {string[]} */
  notes = [];
  /** The extras that `keep` was given, if there is an entry; a view. */
  extras = /** @type {Uint8Array} */ (new Uint8Array(0));
  /** Whether there is an entry. */
  found = false;
  /** @type {Store | undefined} */
  #store;
  #label;
  #prefix = '';
  #name = '';
  /** @type {Entry | undefined} */
  #entry;
  /** The files that were asked of the source, by name. @type {Map<string, CachedFile>} */
  #files = new Map();

  /**
   * @param {Source} source
   * @param {Label} label
   */
  constructor(source, label) {
    this.#label = label;
    /** The model's original source. */
    this.origin = source;
    /** What to read its files from: the original, or an entry's copies. @type {Source} */
    this.source = source;
  }

  /**
   * Looks for an entry, and asks the source whether it is still up to date. Call `close` when the load has ended.
   * @param {Source} source
   * @param {Label} label
   * @param {Promise<Pick<Identity, 'int8Path'>>} compiling awaited only if the cache is used
   * @param {CacheUse} use
   * @param {AbortSignal} signal
   * @returns {Promise<Cache>} rejects only when `signal` is aborted
   */
  static async open(source, label, compiling, use, signal) {
    const cache = new Cache(source, label);
    const { dtype } = label;
    if (!use || source.identity === undefined || !isWorthCaching(source, dtype)) return cache;
    try {
      const [store, { int8Path }] = await Promise.all([openStore(), compiling]);
      cache.#store = store;
      const { prefix, name } = await entryName({ source: source.identity, dtype, int8Path });
      cache.#prefix = prefix;
      cache.#name = name;
      if (use !== 'refresh') cache.#entry = await Entry.open(store, name);
      if (cache.#entry && !(await cache.#isCurrent(cache.#entry, signal))) await cache.close();
      cache.extras = cache.#entry?.contents().find(({ name }) => name === EXTRAS)?.bytes ?? cache.extras;
      if (cache.#entry) await store.touch(name).catch(() => {}); // as of a folder that may only be read, or on a full disk
    } catch (error) {
      signal.throwIfAborted();
      await cache.close();
      cache.#note('The cache can’t be used', error);
    }
    cache.found = cache.#entry !== undefined;
    cache.source = cache.#entry && !source.local ? cache.#entry.source(source.locate) : cache.#recording();
    return cache;
  }

  /** Whether the source still has the files that the entry was made of. @param {Entry} entry @param {AbortSignal} signal */
  async #isCurrent({ files }, signal) {
    const { version } = this.origin;
    if (!version) return true;
    try {
      const originals = files.filter(({ name }) => name !== EXTRAS);
      const versions = await Promise.all(originals.map(({ name }) => version(name, signal)));
      return originals.every((file, i) => file.version === versions[i]);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BertletError && error.code === 'NETWORK')) return false;
      this.notes.push(
        `The model is a copy from the cache; whether it has changed can’t be asked now: ${error.message}`,
      );
      return true;
    }
  }

  /** The original source; what is read from it is recorded in `#files`. @returns {Source} */
  #recording() {
    const source = this.origin;
    return {
      ...source,
      open: async (file, signal) => {
        try {
          const chunks = await source.open(file, signal);
          /** @type {CachedFile} */
          const record = { name: file, version: chunks.version };
          this.#files.set(file, record);
          if (source.local || isWeights(file)) return chunks;
          record.bytes = await readAll(chunks, source.locate(file));
          return chunksOf(record.bytes);
        } catch (error) {
          if (isAbsent(error)) this.#files.set(file, { name: file, error: toWire(error) });
          throw error;
        }
      },
    };
  }

  /**
   * Reads the image from the entry, if there is one, and closes it.
   * @param {Uint8Array} image filled with it
   * @param {() => boolean} accept called when `image` is full: checks it, and says whether it is good
   * @returns {Promise<boolean>} false: the weights have to be read from `source`, which is the original from now on
   */
  async restore(image, accept) {
    const entry = this.#entry;
    if (!entry) return false;
    let restored = false;
    try {
      restored = entry.imageSize === image.length && (await entry.readImage(image), accept());
    } catch (error) {
      this.#note('The cache can’t be read', error);
    }
    if (restored) {
      // What fails now is tried again by the next load.
      await makeRoom(/** @type {Store} */ (this.#store), this.#name).catch(() => {});
    } else {
      for (const file of entry.contents()) if (file.name !== EXTRAS) this.#files.set(file.name, file);
      this.source = this.#recording();
    }
    await this.close();
    return restored;
  }

  /**
   * Writes an entry, and removes those of the same model in other versions. Does nothing if the cache is not used, or if the server
   * tells no version of a file.
   * @param {() => Uint8Array} seal finishes the image and gives it
   * @param {Uint8Array} extras what else was made of the files
   */
  async keep(seal, extras) {
    if (!this.#store) return;
    const { version } = this.origin;
    const files = [...this.#files.values()];
    try {
      // A file that was downloaded to this machine has had no version until now.
      if (version) for (const file of files) file.version ??= await version(file.name);
      if (version && !files.every((file) => file.version ?? file.error)) return;
      const image = seal();
      const header = await encodeHeader(this.#label, [...files, { name: EXTRAS, bytes: extras }], image.length);
      await writeEntry(this.#store, this.#name, [...header, image]);
    } catch (error) {
      return this.#note('The model was not kept in the cache', error);
    }
    await this.#removeOutdated(this.#store, files).catch((error) =>
      this.#note('What the cache has of other versions of the model can’t be removed', error),
    );
  }

  /** Removes entries that were made of other versions of the same files, and damaged ones. @param {Store} store @param {CachedFile[]} files */
  async #removeOutdated(store, files) {
    const versions = new Map(files.map(({ name, version }) => [name, version]));
    for (const { name } of await store.list()) {
      if (!name.startsWith(this.#prefix) || name === this.#name) continue;
      const entry = await Entry.open(store, name);
      await entry?.close();
      if (!entry || entry.files.some((file) => versions.has(file.name) && versions.get(file.name) !== file.version)) {
        await store.remove(name).catch(() => {}); // another load may be reading it; the next one will remove it
      }
    }
  }

  /** @param {string} what @param {unknown} error */
  #note(what, error) {
    this.notes.push(`${what}: ${/** @type {Error} */ (error).message}`);
  }

  /** Closes the entry, if one is open. To be called when the load has ended, well or not. */
  async close() {
    await this.#entry?.close();
    this.#entry = undefined;
  }
}
