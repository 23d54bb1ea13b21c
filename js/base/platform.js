// The types of #platform, which is js/node/platform.js in Node, web/platform.js in a browser and web/workerd/platform.js in Cloudflare's workers. They have a file of their own, so that
// whoever uses or implements them can name them without importing anything else.

/**
 * A running worker, seen from the thread that started it.
 * @typedef {object} Channel
 * @property {(message: unknown, transfer?: Transferable[]) => void} post
 * @property {(receive: (message: any) => void, fail: (reason: string, code?: import('../errors.js').ErrorCode) => void) => void} listen
 *   calls `receive` for each message, and `fail` when the worker has failed or ended
 * @property {(busy: boolean) => void} keepAlive whether Node must not exit while the worker runs; a browser ignores it
 * @property {() => Promise<void>} close ends the worker at once
 */

/**
 * The same channel, seen from inside the worker.
 * @typedef {object} Port
 * @property {(message: unknown, transfer?: Transferable[]) => void} post
 * @property {(receive: (message: any) => void) => void} listen
 */

/**
 * The bytes of a file, in order. A chunk may be a view of memory that is reused: it is valid until the next one is asked for.
 * `version`, where it is known, identifies the content: an ETag, say, or date and length. It changes when the file changes.
 * @typedef {AsyncIterable<Uint8Array> & { version?: string }} Chunks
 */

/**
 * A folder of files on some storage: a server, a disk, what the user picked, or the cache.
 * @typedef {object} Source
 * @property {(file: string) => string} locate the URL or path of a file, for messages
 * @property {(file: string, signal?: AbortSignal) => Promise<Chunks>} open rejects with FILE_NOT_FOUND when there is no such file, with
 *   NETWORK or FILE_ACCESS when it can't be read
 * @property {string} [identity] what the cache knows this folder by; without it, nothing that was made of its files is kept
 * @property {(file: string, signal?: AbortSignal) => Promise<string | undefined>} [version] the version that a file has now; undefined
 *   if there is no such file, or the server doesn't say. A source without this function never changes
 * @property {boolean} [local] the files are on this machine
 * @property {string[]} [notes] what the model is loaded without, since it can't be read now; grows while files are opened. Such a
 *   model must not be kept
 * @property {() => Promise<void>} [keep] to be called when all files were read and are good: keeps what was downloaded
 * @property {() => Promise<void>} [discard] to be called when the load failed: removes what was downloaded
 */

/** @typedef {{ id: string, revision: string }} HubModel a model of the hub, and its branch, tag or commit */

/**
 * Where the cache keeps its files.
 * @typedef {object} Store
 * @property {(name: string) => Promise<StoredFile | undefined>} open undefined if there is no such file
 * @property {(name: string, parts: Uint8Array[]) => Promise<void>} write writes the parts, one after the other, as one file; if that fails,
 *   there is no file. Rejects with a QuotaExceededError or ENOSPC if there is no room
 * @property {() => Promise<Kept[]>} list all files
 * @property {(name: string) => Promise<void>} touch notes that a file is used now; rejects where that can't be noted
 * @property {(name: string) => Promise<void>} remove rejects, as a rule, if somebody has the file open; where it does not, he can read on
 * @property {() => Promise<void>} sweep removes unfinished files that nobody writes any more
 */

/**
 * Something that is kept: a file of a store, or a model's files.
 * @typedef {object} Kept
 * @property {string} name
 * @property {number} size in bytes
 * @property {number} used when it was written or touched last, in ms since 1970
 * @property {boolean} [busy] somebody may be in the midst of reading it, file by file
 */

/**
 * @typedef {object} StoredFile
 * @property {number} size in bytes
 * @property {(target: Uint8Array, position: number) => Promise<void>} read fills the target with the bytes from `position` on; rejects if
 *   the file ends before
 * @property {() => Promise<void>} close
 */

/** A build, or the same build with what trains the encoder. @typedef {import('../types.js').Build | `train-${import('../types.js').Build}`} WasmName */

/**
 * What js/node/platform.js, web/platform.js and web/workerd/platform.js export; package.json's "imports" picks one of them as '#platform'.
 * @typedef {object} Platform
 * @property {() => number} cores how many logical processors there are
 * @property {() => number} memoryBytes how much memory the machine has, or may be used of it; a guess where it does not say
 * @property {() => string | undefined} whyNoThreads why threads can't share memory here, as a sentence; undefined if they can
 * @property {() => void} checkHere throws NO_WASM where a model can't work on the calling thread
 * @property {() => Promise<void>} nextTask resolves in a later task, so that messages that wait are handled before
 * @property {(work: () => void) => void} whenIdle calls it after a second, when nothing more urgent is to be done. Node, which has all files at
 *   hand, never does
 * @property {() => Promise<Channel>} startThread in a worker: starts another that is to be a further thread of its
 *   engine; in a page, who started this worker does it
 * @property {() => MessagePort | undefined} announceThread in a worker: lets who started it watch a thread that it starts, which gets the port;
 *   undefined where nobody watches
 * @property {() => Port} ownPort in a worker: its side of the channel. In Node's main thread there is nobody on the other one
 * @property {(folder: string | URL) => void} useAssets from now on, the worker and the .wasm files come from this folder, a copy of dist/. Throws
 *   BAD_INPUT if it is no address
 * @property {(build: WasmName) => Promise<WebAssembly.Module>} compileWasm rejects with NO_WASM
 * @property {(spec: string) => { url: string } | { path: string } | undefined} locate the absolute URL or path that `spec` stands for;
 *   undefined if it is neither: perhaps it is a hub id
 * @property {() => { hub?: string, token?: string }} hubDefaults what the environment says of the hub: its address, a token for it
 * @property {(path: string) => Promise<Source>} openDirectory rejects with FILE_NOT_FOUND; in a browser, with BAD_INPUT
 * @property {(model: HubModel, remote: (revision: string) => Source, options: { keep: boolean, refresh: boolean }) => Promise<Source>} openHub
 *   a model of the hub: a copy on disk if there is one and not `refresh`, else `remote(revision)`, of which a copy is kept if `keep`
 * @property {() => Promise<Store>} openStore rejects where there is no storage
 * @property {() => Pick<Store, 'list' | 'remove' | 'sweep'> | undefined} openDownloads the models whose files are kept as they were downloaded from
 *   the hub, by id, with "@revision" if that is not main; undefined where no files are kept
 */

/**
 * What #start-worker exports, which is js/node/start-worker.js, web/start-worker.js or web/workerd/start-worker.js: it starts the model's worker. Rejects where no worker can be
 * started, with an error that says why.
 * @typedef {() => Promise<Channel>} StartWorker
 */

export {};
