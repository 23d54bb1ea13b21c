// A head's weights in the worker, which has them once and under a number, and doesn't need them with every call.

/** Tells the worker to forget what the page can't ask for any more. */
const collected = new FinalizationRegistry(
  (/** @type {{ connection: import('../../rpc/connection.js').Connection, head: number }} */ { connection, head }) =>
    connection.tell('forgetHead', { head }),
);

let numbers = 0;

/** The worker keeps the weights until this object is collected, or the worker itself is ended. */
export class RemoteHead {
  #connection;

  /**
   * @param {import('../../rpc/connection.js').Connection} connection
   */
  constructor(connection) {
    this.#connection = connection;
    /** By which the worker knows it; it's for who makes it to see that the worker gets it. */
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
   * Calls a method of the worker that uses the head.
   * @param {string} method
   * @param {object} params
   * @param {import('../../rpc/connection.js').CallOptions} options
   */
  call(method, params, options) {
    return this.#connection.call(method, { head: this.number, ...params }, options);
  }
}
