// The cache of finished models. A model that was loaded once is kept as one file: the small files that it was read from, and its
// weights as the core packed them (bertlet_model_image), which come back by one read. docs/formats.md describes the file.
import { openStore } from '#platform';
import { BertletError, toWire } from '../errors.js';
import { Entry, isWeights, writeStart } from './cache-entry.js';
import { pieces, readAll } from './streams.js';

/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('../base/platform.js').Store} Store */
/** @typedef {import('./cache-entry.js').CachedFile} CachedFile */

/** @typedef {true | false | 'refresh'} CacheUse whether to read and write the cache, or (refresh) only to write it */

const SUFFIX = '.bertlet';

/** What is made of the files beside the image is kept as if it were a file of this name. */
const EXTRAS = '#extras';

/** @param {unknown} error @returns {error is BertletError} whether it says that there is no such file */
const isAbsent = (error) => error instanceof BertletError && ['FILE_NOT_FOUND', 'NOT_A_MODEL'].includes(error.code);

/**
 * @typedef {object} Identity what tells one entry of the cache from another
 * @property {string} source where the model is
 * @property {import('../types.js').Dtype} dtype
 * @property {number} int8Path bertlet_int8_path(): images of int8 models are of one way to multiply
 */

/**
 * The one place where an entry gets its name. Entries of one source have names that begin alike.
 * @param {Identity} identity
 */
async function entryName({ source, dtype, int8Path }) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(source)));
  const hash = Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { family: `${hash}-`, name: `${hash}-${dtype}${dtype === 'int8' ? int8Path : ''}${SUFFIX}` };
}

/**
 * Whether it is worth keeping: what is on disk already as f32 is read again about as fast as an image of the same size
 * (docs/performance.md), but quantizing takes longer than reading a quarter of the bytes.
 * @param {Source} source
 * @param {import('../types.js').Dtype} dtype
 */
const isWorthCaching = (source, dtype) => !source.local || dtype === 'int8';

/** The cache as one load sees it. Nothing that goes wrong in it ends the load: it becomes a note. */
export class Cache {
  /** @type {string[]} */
  notes = [];
  /** What `keep` was given, once the weights are restored. */
  extras = /** @type {Uint8Array} */ (new Uint8Array(0));
  /** @type {Store | undefined} */
  #store;
  #family = '';
  #name = '';
  /** @type {Entry | undefined} */
  #entry;
  /** What was read from the source. @type {Map<string, CachedFile>} */
  #read = new Map();

  /** @param {Source} source */
  constructor(source) {
    /** Where the model is. */
    this.origin = source;
    /** Where to read it from: the same place, or what was kept of it. @type {Source} */
    this.source = source;
  }

  /**
   * @param {Source} source
   * @param {Pick<Identity, 'dtype'> & { compiling: Promise<Pick<Identity, 'int8Path'>> }} identity what is not known yet need not
   *   be waited for by what can be done without
   * @param {CacheUse} use
   * @param {AbortSignal} signal
   * @returns {Promise<Cache>}
   */
  static async open(source, { dtype, compiling }, use, signal) {
    const cache = new Cache(source);
    if (!use || source.identity === undefined || !isWorthCaching(source, dtype)) return cache;
    try {
      const [store, { int8Path }] = await Promise.all([openStore(), compiling]);
      cache.#store = store;
      const { family, name } = await entryName({ source: source.identity, dtype, int8Path });
      cache.#family = family;
      cache.#name = name;
      if (use !== 'refresh') cache.#entry = await Entry.open(store, name);
      if (cache.#entry && !(await cache.#isCurrent(cache.#entry, signal))) await cache.#forget();
    } catch (error) {
      signal.throwIfAborted();
      await cache.#forget();
      cache.#note('The cache can’t be used', error);
    }
    cache.source = cache.#entry && !source.local ? cache.#entry.source(source.locate) : cache.#recording();
    return cache;
  }

  /** Whether the place has the same files still. @param {Entry} entry @param {AbortSignal} signal */
  async #isCurrent({ files }, signal) {
    const { version } = this.origin;
    if (!version) return true;
    try {
      const read = files.filter(({ name }) => name !== EXTRAS);
      const now = await Promise.all(read.map(({ name }) => version(name, signal)));
      return read.every((file, i) => file.version === now[i]);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BertletError && error.code === 'NETWORK')) return false;
      this.notes.push(
        `The model is a copy from the cache; whether it has changed can’t be asked now: ${error.message}`,
      );
      return true;
    }
  }

  /** The source, with a memory of what was read from it. @returns {Source} */
  #recording() {
    const source = this.origin;
    return {
      ...source,
      open: async (file, signal) => {
        try {
          const chunks = await source.open(file, signal);
          /** @type {CachedFile} */
          const record = { name: file, version: chunks.version };
          this.#read.set(file, record);
          if (source.local || isWeights(file)) return chunks;
          record.bytes = await readAll(chunks, source.locate(file));
          return pieces(record.bytes);
        } catch (error) {
          if (isAbsent(error)) this.#read.set(file, { name: file, error: toWire(error) });
          throw error;
        }
      },
    };
  }

  /**
   * Brings the weights back.
   * @param {Uint8Array} image where they belong
   * @param {() => boolean} accept whether what was read is good
   * @returns {Promise<boolean>} false: they have to be read from `source`, which is the original from now on
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
      this.extras = entry.contents().find(({ name }) => name === EXTRAS)?.bytes ?? this.extras;
    } else {
      for (const kept of entry.contents()) if (kept.name !== EXTRAS) this.#read.set(kept.name, kept);
      this.source = this.#recording();
    }
    await this.#forget();
    return restored;
  }

  /**
   * Keeps the model.
   * @param {() => Uint8Array} seal gives the image
   * @param {Uint8Array} extras what else was made of the files
   */
  async keep(seal, extras) {
    if (!this.#store) return;
    const { version } = this.origin;
    const files = [...this.#read.values()];
    try {
      // The version of a file that was downloaded to this machine is what the machine says of it.
      if (version) for (const file of files) file.version ??= await version(file.name);
      if (version && !files.every((file) => file.version ?? file.error)) return; // a server that does not tell
      const image = seal();
      const start = await writeStart([...files, { name: EXTRAS, bytes: extras }], image.length);
      await this.#store.write(this.#name, [...start, image]);
      await this.#removeOutdated(this.#store, files);
    } catch (error) {
      this.#note('The model was not kept in the cache', error);
    }
  }

  /** Entries of the same model in another version. @param {Store} store @param {CachedFile[]} files */
  async #removeOutdated(store, files) {
    const versions = new Map(files.map(({ name, version }) => [name, version]));
    for (const name of await store.names()) {
      if (!name.startsWith(this.#family) || name === this.#name) continue;
      const entry = await Entry.open(store, name);
      await entry?.close();
      if (!entry || entry.files.some((file) => versions.has(file.name) && versions.get(file.name) !== file.version)) {
        await store.remove(name).catch(() => {}); // another load may be reading it; the next one will remove it
      }
    }
  }

  async #forget() {
    await this.#entry?.close();
    this.#entry = undefined;
  }

  /** @param {string} what @param {unknown} error */
  #note(what, error) {
    this.notes.push(`${what}: ${/** @type {Error} */ (error).message}`);
  }

  /** To be called when the load has ended, however. */
  close() {
    return this.#forget();
  }
}

/** Removes everything that `load` has kept in the cache. Models that are open stay as they are. */
export async function clearCache() {
  const store = await openStore();
  for (const name of await store.names()) await store.remove(name);
}
