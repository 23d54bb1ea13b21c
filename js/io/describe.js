// Turns a ModelSpec, by which the caller says where a model is, into a description that can be sent to the worker. There sources.js
// opens it.
import { hubDefaults, locate } from '#platform';
import { BertletError } from '../errors.js';
import { exportFile } from '../rpc/chunk-port.js';
import { isAddress, rereadable } from './content.js';
import { isModelFile } from './file-name.js';

/** @typedef {import('../types.js').ModelSpec} ModelSpec */
/** @typedef {import('../types.js').FileContent} FileContent */

/**
 * @typedef {{ kind: 'hub', id: string, hub: string, revision: string, headers: Headers }
 *   | { kind: 'folder', url: string, headers: Headers }
 *   | { kind: 'directory', path: string }
 *   | { kind: 'files', files: Record<string, MessagePort | string>, headers: Headers }} Description `url` and `hub` end in a slash; each
 *   of `files` is a port to read the file from (rpc/chunk-port.js), or a URL
 */

/** @typedef {Record<string, string>} Headers of every request for the model's files */

/** @typedef {Pick<import('../types.js').LoadOptions, 'hub' | 'revision' | 'token' | 'headers'>} PlaceOptions */

const HUB_ID = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

/**
 * @typedef {object} Described
 * @property {string} name the spec as a string, for messages and `info.model`
 * @property {Description} description
 * @property {Transferable[]} transfer ports of the description, to be transferred with it
 * @property {() => void} close cancels what was not read; to be called when the load has ended
 */

/**
 * Throws BAD_INPUT if the spec is none of these, or an option is not what it should be.
 * @param {ModelSpec} spec
 * @param {PlaceOptions} [options]
 * @returns {Described}
 */
export function describe(spec, options = {}) {
  const defaults = hubDefaults();
  const { hub = defaults.hub ?? 'https://huggingface.co', revision = 'main', token = defaults.token } = options;
  const headers = toHeaders(options.headers);
  if (isAddress(spec)) {
    const name = String(spec);
    const located = locate(name);
    if (located && 'path' in located) return withoutPorts(located.path, { kind: 'directory', ...located });
    if (located) {
      if (URL.canParse('config.json', located.url))
        return withoutPorts(name, { kind: 'folder', url: withSlash(located.url), headers });
      throw new BertletError(
        'BAD_INPUT',
        `"${name}" is the address of one file; a model is a folder. Give load() its files by name: { 'config.json': … }.`,
      );
    }
    if (!HUB_ID.test(name)) {
      const how = 'Folders begin with https://, / or ./';
      throw new BertletError(
        'BAD_INPUT',
        `"${name}" is neither a model of the hub ("org/name") nor the address of a folder. ${how}`,
      );
    }
    const server = locate(String(hub));
    if (!server || !('url' in server)) throw new BertletError('BAD_INPUT', `The hub "${hub}" is not a URL.`);
    if (typeof revision !== 'string' || !/^(?!\.{1,2}$)[\w./-]+$/.test(revision))
      throw new BertletError('BAD_INPUT', `The revision "${revision}" is not the name of a branch, a tag or a commit.`);
    const authorization = token ? toHeaders({ Authorization: `Bearer ${token}` }, 'token') : {};
    const hubHeaders = { ...authorization, ...headers };
    return withoutPorts(name, { kind: 'hub', id: name, revision, hub: withSlash(server.url), headers: hubHeaders });
  }
  if (typeof spec === 'object' && spec !== null) {
    const files = isList(spec) ? filesByName(spec) : /** @type {Record<string, FileContent>} */ (spec);
    return describeFiles(files, headers);
  }
  throw new BertletError('BAD_INPUT', `A model is given as a hub id, a URL, a path or files, not as ${spec}.`);
}

/**
 * @param {string} name
 * @param {Description} description
 * @returns {Described}
 */
const withoutPorts = (name, description) => ({ name, description, transfer: [], close() {} });

/**
 * @param {HeadersInit} [init]
 * @param {string} [option] that it was given as
 * @returns {Headers} throws BAD_INPUT if a request can't have them
 */
function toHeaders(init, option = 'headers') {
  try {
    return Object.fromEntries(new globalThis.Headers(init));
  } catch (error) {
    // Not the error's own message: it may show a secret.
    throw new BertletError('BAD_INPUT', `The option "${option}" holds what a request’s headers can't be made of.`, {
      cause: error,
    });
  }
}

/** @param {string} href */
function withSlash(href) {
  const url = new URL(href);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url.href;
}

/**
 * @param {object} spec
 * @returns {spec is ArrayLike<File>}
 */
const isList = (spec) => 'length' in spec;

/**
 * Files of an `<input type="file">`, by their paths relative to the model's folder. If the user picked a folder of folders, that is
 * the topmost one with a config.json or adapter_config.json.
 * @param {ArrayLike<File>} list
 * @returns {Record<string, File>}
 */
function filesByName(list) {
  const files = Array.from(list, (file) => ({ file, path: file.webkitRelativePath || file.name }));
  const depth = (/** @type {string} */ path) => path.split('/').length;
  const configs = files.map(({ path }) => path).filter((path) => /(^|\/)(adapter_)?config\.json$/.test(path));
  const [topmost = ''] = configs.sort((a, b) => depth(a) - depth(b));
  const folder = topmost.slice(0, topmost.lastIndexOf('/') + 1);
  const inFolder = files.filter(({ path }) => path.startsWith(folder));
  return Object.fromEntries(inFolder.map(({ file, path }) => [path.slice(folder.length), file]));
}

/**
 * Files that bertlet doesn't read are left out.
 * @param {Record<string, FileContent>} contents by their paths in the model's folder
 * @param {Headers} headers
 * @returns {Described}
 */
function describeFiles(contents, headers) {
  const known = Object.entries(contents).filter(([file]) => isModelFile(file));
  // First all that may throw: a port that is open keeps Node from exiting.
  const places = known.map(([file, content]) => ({
    file,
    ...(isAddress(content) ? { url: addressOf(content, file) } : rereadable(content, file)),
  }));
  /** @type {Record<string, MessagePort | string>} */
  const files = {};
  /** @type {MessagePort[]} */
  const transfer = [];
  /** @type {(() => void)[]} */
  const closing = [];
  for (const place of places) {
    if ('url' in place) {
      files[place.file] = place.url;
    } else {
      const { port, close } = exportFile(place.open);
      files[place.file] = port;
      transfer.push(port);
      closing.push(close, place.cancel);
    }
  }
  return {
    name: Object.keys(files).join(', '),
    description: { kind: 'files', files, headers },
    transfer,
    close: () => closing.forEach((end) => end()),
  };
}

/**
 * @param {string | URL} content
 * @param {string} file
 * @returns {string} the absolute URL; throws BAD_INPUT if it is none
 */
function addressOf(content, file) {
  const located = locate(String(content));
  if (located && 'url' in located) return located.url;
  throw new BertletError('BAD_INPUT', `"${content}", given for ${file}, is not a URL.`);
}
