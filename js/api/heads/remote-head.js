// A head's weights in the worker: they go there once, and calls name them by a number.

/** Tells the worker to forget heads that the page can't use any more. */
const collected = new FinalizationRegistry(
  (/** @type {{ connection: import('../../rpc/connection.js').Connection, head: number }} */ { connection, head }) =>
    connection.tell('forgetHead', { head }),
);

let numbers = 0;

/** The worker keeps the weights until this object is collected, or the worker itself is ended. */
export class RemoteHead {
  #connection;

  /**
   * A number for a head that the worker is going to have, from a call that makes it ('load', 'fit') or by `keep`.
   * @param {import('../../rpc/connection.js').Connection} connection
   */
  constructor(connection) {
    this.#connection = connection;
    this.number = ++numbers;
    collected.register(this, { connection, head: this.number });
  }

  /**
   * Gives the worker weights that it doesn't have.
   * @param {import('../../core/dense.js').HeadNetwork} network
   */
  keep(network) {
    this.#connection.tell('keepHead', { head: this.number, network });
  }

  /**
   * Calls a method of the worker that makes the head or uses it.
   * @param {string} method
   * @param {object} params
   * @param {import('../../rpc/connection.js').CallOptions} options
   */
  call(method, params, options) {
    return this.#connection.call(method, { head: this.number, ...params }, options);
  }
}
