// Opens the folder that a description names as a Source, and reads files of it.
import { openDirectory, openHub } from '#platform';
import { BertletError } from '../errors.js';
import { importChunks } from '../rpc/chunk-port.js';
import { fetchChunks, fetchVersion } from './http.js';
import { chunksOf, readAll, rejectHtml } from './streams.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */
/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('./describe.js').Description} Description */

/** Prefix of an adapter's files in the source that `joinSources` makes of a model and its adapter. */
export const ADAPTER = 'adapter/';

/**
 * A folder on a server.
 * @param {string} base its URL, which ends in a slash
 * @returns {Source}
 */
export function folderSource(base) {
  const locate = (/** @type {string} */ file) => new URL(file, base).href;
  return {
    locate,
    open: (file, signal) => fetchChunks(locate(file), signal),
    identity: base,
    version: (file, signal) => fetchVersion(locate(file), signal),
  };
}

/**
 * @param {Description} description
 * @param {object} options
 * @param {boolean} options.keep whether to keep the files of a hub model on disk, where there is one
 * @param {boolean} [options.refresh] whether to download them even if they were kept
 * @returns {Promise<Source>} rejects with FILE_NOT_FOUND for a directory that does not exist
 */
export async function openSource(description, { keep, refresh = false }) {
  switch (description.kind) {
    case 'folder':
      return folderSource(description.url);
    case 'directory':
      return openDirectory(description.path);
    case 'hub': {
      const { id, hub, revision } = description;
      const version = encodeURIComponent(revision);
      const folder = revision === 'main' ? id : `${id}@${version}`;
      // Without `version` the source counts as unchanging: a model of the hub stays at the commit that was loaded first.
      const remote = { ...folderSource(`${hub}${id}/resolve/${version}/`), version: undefined };
      return readOnce(await openHub(folder, remote, { keep, refresh }));
    }
    case 'files':
      return readOnce(filesSource(description.files));
  }
}

/**
 * A source whose small files are read once, however often they are opened: a port gives its file once, and a download is kept once.
 * @param {Source} source
 * @returns {Source}
 */
function readOnce(source) {
  /** @type {Map<string, Promise<{ bytes: Uint8Array, version?: string }>>} */
  const contents = new Map();
  /** @type {(file: string, signal?: AbortSignal) => Promise<{ bytes: Uint8Array, version?: string }>} */
  const read = async (file, signal) => {
    const chunks = await source.open(file, signal);
    return { bytes: await readAll(chunks, source.locate(file)), version: chunks.version };
  };
  return {
    ...source,
    async open(file, signal) {
      if (file.endsWith('.safetensors') && !file.includes('/')) return source.open(file, signal); // weights
      const content = contents.get(file) ?? read(file, signal);
      contents.set(file, content);
      const { bytes, version } = await content;
      return Object.assign(chunksOf(bytes), { version });
    },
  };
}

/**
 * Files that the caller gave.
 * @param {Record<string, MessagePort | string>} files ports to read chunks from, or URLs
 * @returns {Source}
 */
function filesSource(files) {
  return {
    locate: (file) => (typeof files[file] === 'string' ? files[file] : file),
    async open(file, signal) {
      const content = files[file];
      if (content === undefined) {
        const given = Object.keys(files).join(', ') || 'none that bertlet knows';
        throw new BertletError('FILE_NOT_FOUND', `Among the given files is no ${file} (there is: ${given}). Add it.`);
      }
      return typeof content === 'string' ? fetchChunks(content, signal) : importChunks(content, signal);
    },
  };
}

/**
 * Opens a file that has to be there.
 * @param {Source} source
 * @param {string} file
 * @param {AbortSignal} [signal]
 * @returns {Promise<Chunks>} rejects as `source.open`, and with NOT_A_MODEL for a web page or a Git LFS pointer
 */
export async function openFile(source, file, signal) {
  return rejectHtml(await source.open(file, signal), source.locate(file));
}

/**
 * Reads a small file that need not be there. A web page that came instead counts as its absence, since some servers answer so for any
 * file that they don't have.
 * @param {Source} source
 * @param {string} file
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ bytes: Uint8Array<ArrayBuffer>, where: string } | { error: BertletError }>} `where`: its URL or path; `error`: why
 *   it is absent. Rejects with any other error
 */
export async function readOptional(source, file, signal) {
  const where = source.locate(file);
  try {
    return { bytes: await readAll(await openFile(source, file, signal), where), where };
  } catch (error) {
    if (error instanceof BertletError && ['FILE_NOT_FOUND', 'NOT_A_MODEL'].includes(error.code)) return { error };
    throw error;
  }
}

/**
 * Two sources as one.
 * @param {Source} source
 * @param {string} folder prefix of the files of `other`, which ends in a slash
 * @param {Source} other
 * @returns {Source}
 */
export function joinSources(source, folder, other) {
  /** @type {(file: string) => [Source, string]} */
  const resolve = (file) => (file.startsWith(folder) ? [other, file.slice(folder.length)] : [source, file]);
  const both = [source, other];
  return {
    locate(file) {
      const [owner, name] = resolve(file);
      return owner.locate(name);
    },
    open(file, signal) {
      const [owner, name] = resolve(file);
      return owner.open(name, signal);
    },
    identity: both.every(({ identity }) => identity !== undefined)
      ? both.map(({ identity }) => identity).join(' + ')
      : undefined,
    version: both.some(({ version }) => version)
      ? async (file, signal) => {
          const [owner, name] = resolve(file);
          return owner.version ? owner.version(name, signal) : 'never changes';
        }
      : undefined,
    local: both.every(({ local }) => local),
    keep: async () => void (await Promise.all(both.map(({ keep }) => keep?.()))),
    discard: async () => void (await Promise.all(both.map(({ discard }) => discard?.()))),
  };
}
