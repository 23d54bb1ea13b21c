// The training that was paused, in the browser's database: some megabytes, which localStorage does not hold.

/** @typedef {{ course: import('./course.js').Course, checkpoint: Uint8Array }} Run */

const NAME = 'bertlet-tuning';
const VERSION = 1; // of what is kept; that of another version is dropped
const STORE = 'runs';
const KEY = 'paused';

/** @returns {Promise<IDBDatabase>} */
function open() {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    const { result } = request;
    for (const name of result.objectStoreNames) result.deleteObjectStore(name);
    result.createObjectStore(STORE);
  };
  return done(request);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} use
 * @returns {Promise<T>} rejects where storage is full or switched off
 */
async function within(mode, use) {
  const database = await open();
  try {
    const transaction = database.transaction(STORE, mode);
    const completed = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const [result] = await Promise.all([done(use(transaction.objectStore(STORE))), completed]);
    return result;
  } finally {
    database.close();
  }
}

/** @param {Run} run */
export const keepRun = (run) => within('readwrite', (store) => store.put(run, KEY));

export const forgetRun = () => within('readwrite', (store) => store.delete(KEY));

/** @returns {Promise<Run | undefined>} undefined: there is none, or no storage */
export const recallRun = () => within('readonly', (store) => store.get(KEY)).catch(() => undefined);
