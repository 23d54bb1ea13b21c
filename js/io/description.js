// What says to the worker where a model is: types only, for those who make it and those who open it.

/**
 * @typedef {{ kind: 'hub', id: string, hub: string, revision: string, headers: Headers }
 *   | { kind: 'folder', url: string, headers: Headers }
 *   | { kind: 'directory', path: string }
 *   | { kind: 'files', files: Record<string, MessagePort | string>, headers: Headers }} Description `url` and `hub` end in a slash; each
 *   of `files` is a port to read the file from (rpc/exported-file.js), or a URL
 */

/** @typedef {Record<string, string>} Headers of every request for the model's files */

/**
 * @typedef {object} Described
 * @property {string} name the spec as a string, for messages and `info.model`
 * @property {Description} description
 * @property {Transferable[]} transfer ports of the description, to be transferred with it
 * @property {() => void} close cancels what was not read; to be called when the load has ended
 */

export {};
