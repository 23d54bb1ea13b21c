// Trainings that were paused, in the browser's database: some megabytes, which localStorage does not hold.

const NAME = 'bertlet-tuning';
const VERSION = 1; // of what is kept; that of another version is dropped
const STORE = 'runs';

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

/**
 * The place of one training.
 * @template R
 * @param {string} key
 */
export const keptRun = (key) => ({
  /** @param {R} run */
  keep: (run) => within('readwrite', (store) => store.put(run, key)),
  forget: () => within('readwrite', (store) => store.delete(key)),
  /** @returns {Promise<R | undefined>} undefined: there is none, or no storage */
  recall: () => within('readonly', (store) => store.get(key)).catch(() => undefined),
});
