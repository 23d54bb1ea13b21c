// Where a model's files are. A caller's ModelSpec becomes a description that can be sent to the worker (`describe`), which opens
// files by name (`openSource`, `openFile`).
import { locate, openDirectory, openHub } from '#platform';
import { BertletError } from './errors.js';
import { exportChunks, importChunks, notAModel, pieces, readStream, rejectHtml } from './streams.js';

/** @typedef {import('./types.js').ModelSpec} ModelSpec */
/** @typedef {import('./types.js').FileContent} FileContent */
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

/** What bertlet may ask for. */
const FILES = ['config.json', 'vocab.txt', 'tokenizer_config.json', 'tokenizer.json', 'model.safetensors'];

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
 * Files as an `<input type="file">` gives them. Of two with one name, the one less deep in the folder that was picked counts:
 * sentence-transformers keep further config.json files in folders of their own.
 * @param {ArrayLike<File>} list
 * @returns {Record<string, File>}
 */
function byName(list) {
  const depth = (/** @type {File} */ file) => (file.webkitRelativePath ?? '').split('/').length;
  const deepestFirst = Array.from(list).sort((a, b) => depth(b) - depth(a));
  return Object.fromEntries(deepestFirst.map((file) => [file.name, file]));
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
  for (const file of FILES) {
    if (!Object.hasOwn(contents, file)) continue;
    const content = contents[file];
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
 * @param {AbortSignal} [signal] that the response was fetched with
 * @returns {Chunks}
 */
function readResponse(response, where, signal) {
  checkResponse(response, where);
  const { body } = response;
  if (!body) return pieces(new Uint8Array(0));
  return readStream(body, (error, loaded) => (signal?.aborted ? signal.reason : broken(where, loaded, error)));
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
    return Object.assign(readResponse(response, url, signal), { version: versionOf(response) });
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
