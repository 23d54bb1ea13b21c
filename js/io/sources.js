// Where a model's files are. A caller's ModelSpec becomes a description that can be sent to the worker (`describe`), which opens
// files by name (`openSource`, `openFile`).
import { locate, openDirectory, openHub } from '#platform';
import { BertletError } from '../errors.js';
import { exportChunks, importChunks, notAModel, pieces, readAll, readStream, rejectHtml } from './streams.js';

/** @typedef {import('../types.js').ModelSpec} ModelSpec */
/** @typedef {import('../types.js').FileContent} FileContent */
/** @typedef {import('./streams.js').Chunks} Chunks */

/**
 * @typedef {{ kind: 'hub', id: string, hub: string, revision: string }
 *   | { kind: 'folder', url: string }
 *   | { kind: 'directory', path: string }
 *   | { kind: 'files', files: Record<string, MessagePort | string> }} Description a string among `files` is a URL
 */

/**
 * An opened place, from which files come one after the other.
 * @typedef {object} Source
 * @property {(file: string) => string} locate the full name of a file, for messages
 * @property {(file: string, signal?: AbortSignal) => Promise<Chunks>} open rejects with FILE_NOT_FOUND when there is no such file
 * @property {string} [identity] which place it is, if what was made of its files may be kept in the cache
 * @property {(file: string, signal?: AbortSignal) => Promise<string | undefined>} [version] of a file as it is there now,
 *   undefined if there is none or it can't be told. A place without this function never changes
 * @property {boolean} [local] the files are on this machine
 * @property {() => Promise<void>} [keep] all files were read and found good: what was downloaded may be kept
 * @property {() => Promise<void>} [discard] the load failed
 */

/** What bertlet may ask for: of a folder, and of the folders in it that sentence-transformers makes. */
const FILES =
  /^(vocab\.txt|[\w-]+\.json|[\w.-]+\.safetensors(\.index\.json)?|\d+_\w+\/(config\.json|model\.safetensors))$/;

/** The folder that an adapter's files seem to be in, beside its model's. */
export const ADAPTER = 'adapter/';

const HUB_ID = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

/**
 * @typedef {object} Described
 * @property {string} name the spec in words
 * @property {Description} description
 * @property {Transferable[]} transfer
 * @property {() => void} close to be called when nothing more will be read
 */

/**
 * @param {ModelSpec} spec
 * @param {{ hub?: string | URL, revision?: string }} [options]
 * @returns {Described}
 */
export function describe(spec, { hub = 'https://huggingface.co', revision = 'main' } = {}) {
  if (typeof spec === 'string' || spec instanceof URL) {
    const name = String(spec);
    const place = locate(name);
    if (place && 'path' in place) return plain(place.path, { kind: 'directory', ...place });
    if (place) return plain(name, { kind: 'folder', url: asFolder(place.url) });
    if (!HUB_ID.test(name)) {
      const how = 'Folders begin with https://, / or ./';
      throw new BertletError(
        'BAD_INPUT',
        `"${name}" is neither a model of the hub ("org/name") nor the address of a folder. ${how}`,
      );
    }
    const server = locate(String(hub));
    if (!server || !('url' in server)) throw new BertletError('BAD_INPUT', `The hub "${hub}" is not a URL.`);
    return plain(name, { kind: 'hub', id: name, revision, hub: asFolder(server.url) });
  }
  if (typeof spec === 'object' && spec !== null) return fromFiles(isList(spec) ? byName(spec) : spec);
  throw new BertletError('BAD_INPUT', `A model is given as a hub id, a URL, a path or files, not as ${spec}.`);
}

/**
 * @param {string} name
 * @param {Description} description
 * @returns {Described}
 */
const plain = (name, description) => ({ name, description, transfer: [], close() {} });

/** @param {string} address */
function asFolder(address) {
  const url = new URL(address);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url.href;
}

/**
 * @param {object} spec
 * @returns {spec is ArrayLike<File>}
 */
const isList = (spec) => 'length' in spec;

/**
 * Files as an `<input type="file">` gives them, by their paths in the folder of the model: the topmost one that has a
 * config.json or adapter_config.json.
 * @param {ArrayLike<File>} list
 * @returns {Record<string, File>}
 */
function byName(list) {
  const files = Array.from(list, (file) => ({ file, path: file.webkitRelativePath || file.name }));
  const depth = (/** @type {string} */ path) => path.split('/').length;
  const configs = files.map(({ path }) => path).filter((path) => /(^|\/)(adapter_)?config\.json$/.test(path));
  const [topmost = ''] = configs.sort((a, b) => depth(a) - depth(b));
  const folder = topmost.slice(0, topmost.lastIndexOf('/') + 1);
  const inFolder = files.filter(({ path }) => path.startsWith(folder));
  return Object.fromEntries(inFolder.map(({ file, path }) => [path.slice(folder.length), file]));
}

/**
 * @param {Record<string, FileContent>} contents
 * @returns {Described}
 */
function fromFiles(contents) {
  /** @type {Record<string, MessagePort | string>} */
  const files = {};
  /** @type {ReturnType<typeof exportChunks>[]} */
  const lent = [];
  for (const [file, content] of Object.entries(contents)) {
    if (!FILES.test(file)) continue;
    if (typeof content === 'string' || content instanceof URL) {
      const place = locate(String(content));
      if (!place || !('url' in place))
        throw new BertletError('BAD_INPUT', `"${content}", given for ${file}, is not a URL.`);
      files[file] = place.url;
    } else {
      const chunks = exportChunks(() => readContent(content, file));
      files[file] = chunks.port;
      lent.push(chunks);
    }
  }
  return {
    name: Object.keys(files).join(', '),
    description: { kind: 'files', files },
    transfer: lent.map(({ port }) => port),
    close: () => lent.forEach(({ close }) => close()),
  };
}

/**
 * @param {Blob | ArrayBuffer | Uint8Array | Response | ReadableStream<Uint8Array>} content
 * @param {string} where
 * @returns {Chunks}
 */
export function readContent(content, where) {
  if (content instanceof Uint8Array) return pieces(content);
  if (content instanceof ArrayBuffer) return pieces(new Uint8Array(content));
  if (content instanceof Blob) return readStream(content.stream());
  if (content instanceof ReadableStream ? content.locked : content instanceof Response && content.bodyUsed)
    throw new BertletError('BAD_INPUT', `What was given for ${where} was already read. Fetch or open it again.`);
  if (content instanceof ReadableStream) return readStream(content);
  if (content instanceof Response) return readResponse(content, content.url || where);
  throw new BertletError(
    'BAD_INPUT',
    `What was given for ${where} is not a Blob, bytes, a Response, a ReadableStream or a URL.`,
  );
}

/**
 * @param {Response} response
 * @param {string} where
 * @param {object} [options]
 * @param {AbortSignal} [options.signal] that the response was fetched with
 * @param {boolean} [options.consume] whether nobody else has its chunks
 * @returns {Chunks}
 */
function readResponse(response, where, { signal, consume = false } = {}) {
  checkResponse(response, where);
  const { body } = response;
  if (!body) return pieces(new Uint8Array(0));
  /** @type {(error: unknown, loaded: number) => unknown} */
  const translate = (error, loaded) => (signal?.aborted ? signal.reason : broken(where, loaded, error));
  return readStream(body, { translate, consume });
}

/**
 * @param {string} where
 * @param {number} loaded
 * @param {unknown} cause
 */
const broken = (where, loaded, cause) =>
  new BertletError(
    'NETWORK',
    `The download of ${where} broke off after ${loaded} bytes. Check the connection and try again.`,
    { cause },
  );

/**
 * @param {Response} response
 * @param {string} where
 */
function checkResponse({ ok, status, headers }, where) {
  if ([401, 403, 404, 410].includes(status)) {
    const why = status === 404 || status === 410 ? 'does not exist' : 'does not exist or is private';
    throw new BertletError('FILE_NOT_FOUND', `${where} ${why} (HTTP ${status}). Check the name.`);
  }
  if (!ok)
    throw new BertletError(
      'NETWORK',
      `${where} could not be fetched: the server answered HTTP ${status}. Try again later.`,
    );
  if (/^(text\/html|application\/xhtml)/.test(headers.get('content-type') ?? ''))
    throw notAModel(where, 'an HTML page');
}

/**
 * @param {string} url
 * @param {RequestInit} options
 */
async function request(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    const cause = /** @type {any} */ (error).cause?.message ?? /** @type {Error} */ (error).message;
    throw new BertletError('NETWORK', `${url} could not be fetched: ${cause}. Check the connection and the address.`, {
      cause: error,
    });
  }
}

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<string | undefined>} the version of what is there
 */
async function fetchVersion(url, signal) {
  const response = await request(url, { method: 'HEAD', signal });
  try {
    checkResponse(response, url);
  } catch (error) {
    if (/** @type {BertletError} */ (error).code === 'NETWORK') throw error;
    return undefined;
  }
  return versionOf(response);
}

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<Chunks>}
 */
export async function fetchChunks(url, signal) {
  const response = await request(url, { signal });
  try {
    return Object.assign(readResponse(response, url, { signal, consume: true }), { version: versionOf(response) });
  } catch (error) {
    await response.body?.cancel();
    throw error;
  }
}

/** @param {Response} response @returns {string | undefined} */
function versionOf({ headers }) {
  const date = headers.get('last-modified');
  return headers.get('etag') ?? (date ? `${date}, ${headers.get('content-length')} bytes` : undefined);
}

/**
 * A folder on a server.
 * @param {string} base URL that ends in a slash
 * @returns {Source}
 */
export function folderSource(base) {
  const at = (/** @type {string} */ file) => new URL(file, base).href;
  return {
    locate: at,
    open: (file, signal) => fetchChunks(at(file), signal),
    identity: base,
    version: (file, signal) => fetchVersion(at(file), signal),
  };
}

/**
 * @param {Description} description
 * @param {object} options
 * @param {boolean} options.keep whether a model downloaded from the hub is to be kept where there is a place for it
 * @param {boolean} [options.refresh] whether to download it even if it was kept
 * @returns {Promise<Source>}
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
      // What a branch stands for at the first load stays: a model that changes by itself would surprise more.
      const remote = { ...folderSource(`${hub}${id}/resolve/${version}/`), version: undefined };
      return openHub(folder, remote, { keep, refresh });
    }
    case 'files':
      return filesSource(description.files);
  }
}

/**
 * @param {Record<string, MessagePort | string>} files
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
 * @param {Source} source
 * @param {string} file
 * @param {AbortSignal} [signal]
 * @returns {Promise<Chunks>}
 */
export async function openFile(source, file, signal) {
  return rejectHtml(await source.open(file, signal), source.locate(file));
}

/**
 * A small file that need not be there. A server that shows its front page for whatever it does not have counts as one that
 * does not have the file.
 * @param {Source} source
 * @param {string} file
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ bytes: Uint8Array<ArrayBuffer>, where: string } | { error: BertletError }>}
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
 * Two places as one.
 * @param {Source} source
 * @param {string} folder where the files of `other` seem to be
 * @param {Source} other
 * @returns {Source}
 */
export function joinSources(source, folder, other) {
  /** @type {(file: string) => [Source, string]} */
  const find = (file) => (file.startsWith(folder) ? [other, file.slice(folder.length)] : [source, file]);
  const both = [source, other];
  return {
    locate(file) {
      const [at, name] = find(file);
      return at.locate(name);
    },
    open(file, signal) {
      const [at, name] = find(file);
      return at.open(name, signal);
    },
    identity: both.every(({ identity }) => identity !== undefined)
      ? both.map(({ identity }) => identity).join(' + ')
      : undefined,
    version: both.some(({ version }) => version)
      ? async (file, signal) => {
          const [at, name] = find(file);
          return at.version ? at.version(name, signal) : 'never changes';
        }
      : undefined,
    local: both.every(({ local }) => local),
    keep: async () => void (await Promise.all(both.map(({ keep }) => keep?.()))),
    discard: async () => void (await Promise.all(both.map(({ discard }) => discard?.()))),
  };
}
