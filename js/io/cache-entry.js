// One file of the cache: the small files that a model was read from, and its weights as the core packed them. docs/formats.md
// describes it byte by byte.
import { BertletError, fromWire } from '../errors.js';
import { join, pieces } from './streams.js';

/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('../base/platform.js').Store} Store */
/** @typedef {import('../base/platform.js').StoredFile} StoredFile */

/**
 * What an entry says of one file: its version and size, or why there is none.
 * @typedef {object} CachedFile
 * @property {string} name
 * @property {string} [version]
 * @property {number} [size] if its bytes are in the entry
 * @property {Uint8Array} [bytes]
 * @property {import('../errors.js').WireError} [error]
 */

/** Raise the number with every change of the format. */
const MAGIC = new TextEncoder().encode('BERTLET3');
const DIGEST_BYTES = 32; // SHA-256
const START_BYTES = MAGIC.length + DIGEST_BYTES + 8; // and the lengths of what the digest is of: the description, the files
/** Weights are in the image; every other file is small. */
export const isWeights = (/** @type {string} */ file) => file.endsWith('.safetensors');

/** One file of the cache, open for reading. */
export class Entry {
  #file;
  #bytes;

  /**
   * @param {StoredFile} file
   * @param {CachedFile[]} files
   * @param {Uint8Array} bytes of all files that have a size, one after the other
   * @param {number} imageStart
   */
  constructor(file, files, bytes, imageStart) {
    this.#file = file;
    this.#bytes = bytes;
    this.files = files;
    this.imageStart = imageStart;
    this.imageSize = file.size - imageStart;
  }

  /**
   * @param {Store} store
   * @param {string} name
   * @returns {Promise<Entry | undefined>} undefined: there is none that is whole
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
    const start = new Uint8Array(START_BYTES);
    await file.read(start, 0);
    if (!MAGIC.every((byte, i) => byte === start[i])) return undefined;
    const view = new DataView(start.buffer, MAGIC.length + DIGEST_BYTES);
    const [descriptionSize, filesSize] = [view.getUint32(0, true), view.getUint32(4, true)];
    const described = new Uint8Array(descriptionSize + filesSize);
    await file.read(described, START_BYTES);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', described));
    if (!digest.every((byte, i) => byte === start[MAGIC.length + i])) return undefined;
    const { files, imageSize } = JSON.parse(new TextDecoder().decode(described.subarray(0, descriptionSize)));
    const imageStart = START_BYTES + described.length;
    if (file.size !== imageStart + imageSize) return undefined;
    return new Entry(file, files, described.subarray(descriptionSize), imageStart);
  }

  /**
   * @param {Source['locate']} locate
   * @returns {Source} of the files that were kept
   */
  source(locate) {
    return {
      locate,
      open: async (file) => {
        const kept = this.contents().find(({ name }) => name === file);
        if (kept?.error) throw fromWire(kept.error);
        if (!kept?.bytes) throw new BertletError('FILE_NOT_FOUND', `${locate(file)} is not in the cache.`);
        return pieces(kept.bytes);
      },
    };
  }

  /** What was kept of the source, but for the weights. */
  contents() {
    let at = 0;
    return this.files
      .filter(({ name }) => !isWeights(name))
      .map((kept) => {
        if (kept.size === undefined) return kept;
        at += kept.size;
        return { ...kept, bytes: this.#bytes.subarray(at - kept.size, at) };
      });
  }

  /** @param {Uint8Array} image */
  readImage(image) {
    return this.#file.read(image, this.imageStart);
  }

  close() {
    return this.#file.close();
  }
}

/**
 * What stands before the image.
 * @param {CachedFile[]} read
 * @param {number} imageSize
 */
export async function writeStart(read, imageSize) {
  const files = read.map(({ bytes, ...kept }) => ({ ...kept, size: bytes?.length }));
  const description = new TextEncoder().encode(JSON.stringify({ files, imageSize }));
  const contents = read.flatMap(({ bytes }) => bytes ?? []);
  const described = join([description, ...contents]);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', described));
  const lengths = new DataView(new ArrayBuffer(8));
  lengths.setUint32(0, description.length, true);
  lengths.setUint32(4, described.length - description.length, true);
  return [MAGIC, digest, new Uint8Array(lengths.buffer), described];
}
