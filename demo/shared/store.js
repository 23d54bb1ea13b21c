// A value that can be watched. The whole state of the page is a few of these.

/**
 * @template T
 * @typedef {object} Store
 * @property {T} value
 * @property {(next: T) => void} set
 * @property {(listener: (value: T) => void) => void} subscribe calls `listener` now and after every change
 */

/**
 * @template T
 * @param {T} initial
 * @returns {Store<T>}
 */
export function createStore(initial) {
  let value = initial;
  /** @type {((value: T) => void)[]} */
  const listeners = [];
  return {
    get value() {
      return value;
    },
    set(next) {
      if (next === value) return;
      value = next;
      for (const listener of listeners) listener(value);
    },
    subscribe(listener) {
      listeners.push(listener);
      listener(value);
    },
  };
}

/**
 * @template T
 * @typedef {Pick<Store<T>, 'value' | 'subscribe'>} Watched a store that others set
 */

/**
 * What one of several stores holds: that which the value of another names at the time.
 * @template A, T
 * @param {Watched<A>} by
 * @param {Watched<T>[]} stores
 * @param {(value: A) => Watched<T>} choose one of them
 * @returns {Watched<T>}
 */
export function chosen(by, stores, choose) {
  const shown = createStore(choose(by.value).value);
  for (const store of [by, ...stores]) store.subscribe(() => shown.set(choose(by.value).value));
  return shown;
}
