// What #platform (js/node/platform.js in Node, web/platform.js in a browser) takes and gives: types only, so that both sides can name
// them without importing each other.

/**
 * A worker that was started, seen from outside.
 * @typedef {object} Channel
 * @property {(message: unknown, transfer?: Transferable[]) => void} post
 * @property {(receive: (message: any) => void, fail: (reason: string) => void) => void} listen `fail`: the worker is gone
 * @property {(busy: boolean) => void} keepAlive whether the process must wait for the worker
 * @property {() => Promise<void>} close ends the worker
 */

/**
 * A worker's side of its channel.
 * @typedef {object} Port
 * @property {(message: unknown, transfer?: Transferable[]) => void} post
 * @property {(receive: (message: any) => void) => void} listen
 */

/**
 * The bytes of a file, in order. A chunk is valid until the next one is asked for. `version`, where it is known, is
 * another one when the file is.
 * @typedef {AsyncIterable<Uint8Array> & { version?: string }} Chunks
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

/**
 * A place for files, opened by #platform.
 * @typedef {object} Store
 * @property {(name: string) => Promise<StoredFile | undefined>} open undefined: there is none
 * @property {(name: string, parts: Uint8Array[]) => Promise<void>} write the parts one after the other, as a whole or not at all
 * @property {() => Promise<string[]>} names of all files
 * @property {(name: string) => Promise<void>} remove
 */

/**
 * @typedef {object} StoredFile
 * @property {number} size
 * @property {(target: Uint8Array, position: number) => Promise<void>} read fills the target
 * @property {() => Promise<void>} close
 */

/**
 * What js/node/platform.js and web/platform.js export; package.json's "imports" picks one of them as '#platform'.
 * @typedef {object} Platform
 * @property {() => number} cores
 * @property {() => string | undefined} whyNoThreads why threads can't share memory here, as a sentence; undefined if they can
 * @property {() => Promise<void>} nextTask lets messages and other tasks have their turn
 * @property {() => Channel} startWorker
 * @property {() => Port} ownPort the worker's own end
 * @property {(build: import('../types.js').Build) => Promise<WebAssembly.Module>} compileWasm rejects with NO_WASM
 * @property {(spec: string) => { url: string } | { path: string } | undefined} locate an absolute address; undefined: not an address,
 *   perhaps a hub id
 * @property {(path: string) => Promise<Source>} openDirectory rejects with FILE_NOT_FOUND
 * @property {(name: string, remote: Source, options: { keep: boolean, refresh: boolean }) => Promise<Source>} openHub a model of the
 *   hub: from where it was kept (unless `refresh`), or downloaded from `remote` (and kept as `name`, if `keep`)
 * @property {() => Promise<Store>} openStore the cache's place
 */

export {};
