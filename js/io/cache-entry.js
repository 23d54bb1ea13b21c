// One entry of the cache, which is one file: a header with the small files that the model was read from, then the image, which is its
// weights as the core packed them. docs/formats.md describes it byte by byte.
import { BertletError, fromWire } from '../errors.js';
import { isWeights } from './file-name.js';
import { chunksOf, join } from './streams.js';

/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('../base/platform.js').Store} Store */
/** @typedef {import('../base/platform.js').StoredFile} StoredFile */

/**
 * What an entry keeps of one file of the source: its version and content, or why there is no such file.
 * @typedef {object} CachedFile
 * @property {string} name
 * @property {string} [version] what the source said when it was read
 * @property {number} [size] in bytes, if its content is in the entry
 * @property {Uint8Array} [bytes] the content; a view into the entry
 * @property {import('../errors.js').WireError} [error] what opening it failed with
 */

/**
 * @typedef {object} Label what an entry is, for people
 * @property {string} model where the model is, as `load` was told
 * @property {string} [adapter] that was merged, likewise
 * @property {import('../types.js').Dtype} dtype
 */

/** The digit is the version of the format. */
const MAGIC = new TextEncoder().encode('BERTLET9');
const DIGEST_BYTES = 32; // SHA-256
/** Behind the digest stand two lengths, as 32-bit numbers: of the description and of the files. The digest is of these two parts. */
const PREAMBLE_BYTES = MAGIC.length + DIGEST_BYTES + 8;

/** An entry that is open for reading. */
export class Entry {
  #file;
  #bytes;

  /**
   * @param {StoredFile} file
   * @param {Label} label
   * @param {CachedFile[]} files
   * @param {Uint8Array} bytes content of all files that have a size, one after the other
   * @param {number} imageStart position of the image in `file`
   */
  constructor(file, label, files, bytes, imageStart) {
    this.#file = file;
    this.label = label;
    this.#bytes = bytes;
    this.files = files;
    this.imageStart = imageStart;
    this.imageSize = file.size - imageStart;
  }

  /**
   * @param {Store} store
   * @param {string} name
   * @returns {Promise<Entry | undefined>} undefined if there is none, or it is damaged, unfinished or of another version
   */
  static async open(store, name) {
    const file = await store.open(name);
    if (!file) return undefined;
    const entry = await Entry.#parse(file).catch(() => undefined);
    if (!entry) await file.close();
    return entry;
  }

  /** @param {StoredFile} file */
  static async #parse(file) {
    const preamble = new Uint8Array(PREAMBLE_BYTES);
    await file.read(preamble, 0);
    if (!MAGIC.every((byte, i) => byte === preamble[i])) return undefined;
    const view = new DataView(preamble.buffer, MAGIC.length + DIGEST_BYTES);
    const [descriptionSize, filesSize] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (descriptionSize + filesSize > file.size - PREAMBLE_BYTES) return undefined;
    const described = new Uint8Array(descriptionSize + filesSize);
    await file.read(described, PREAMBLE_BYTES);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', described));
    if (!digest.every((byte, i) => byte === preamble[MAGIC.length + i])) return undefined;
    const { files, imageSize, ...label } = JSON.parse(new TextDecoder().decode(described.subarray(0, descriptionSize)));
    const imageStart = PREAMBLE_BYTES + described.length;
    if (file.size !== imageStart + imageSize) return undefined;
    return new Entry(file, label, files, described.subarray(descriptionSize), imageStart);
  }

  /**
   * The small files as a source. Those that were missing when the entry was made are missing here, too.
   * @param {Source['locate']} locate of the original source, for messages
   * @returns {Source}
   */
  source(locate) {
    return {
      locate,
      open: async (file) => {
        const cached = this.contents().find(({ name }) => name === file);
        if (cached?.error) throw fromWire(cached.error);
        if (!cached?.bytes) throw new BertletError('FILE_NOT_FOUND', `${locate(file)} is not in the cache.`);
        return chunksOf(cached.bytes);
      },
    };
  }

  /** The small files: all but those of weights. @returns {CachedFile[]} */
  contents() {
    let offset = 0;
    return this.files
      .filter(({ name }) => !isWeights(name))
      .map((file) => {
        if (file.size === undefined) return file;
        offset += file.size;
        return { ...file, bytes: this.#bytes.subarray(offset - file.size, offset) };
      });
  }

  /** Fills `image`, which has `imageSize` bytes. @param {Uint8Array} image */
  readImage(image) {
    return this.#file.read(image, this.imageStart);
  }

  close() {
    return this.#file.close();
  }
}

/**
 * All that an entry's file holds before the image.
 * @param {Label} label
 * @param {CachedFile[]} contents
 * @param {number} imageSize in bytes
 * @returns {Promise<Uint8Array[]>} parts of the file, in order; the first one is MAGIC
 */
export async function encodeHeader(label, contents, imageSize) {
  const files = contents.map(({ bytes, ...file }) => ({ ...file, size: bytes?.length }));
  const description = new TextEncoder().encode(JSON.stringify({ ...label, files, imageSize }));
  const described = join([description, ...contents.flatMap(({ bytes }) => bytes ?? [])]);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', described));
  const lengths = new DataView(new ArrayBuffer(8));
  lengths.setUint32(0, description.length, true);
  lengths.setUint32(4, described.length - description.length, true);
  return [MAGIC, digest, new Uint8Array(lengths.buffer), described];
}
