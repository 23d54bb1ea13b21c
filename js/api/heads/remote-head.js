// A head's weights in the worker: they are sent there once and get a number, by which later calls name them.

/** Frees the weights in the worker when the page's object is garbage. */
const collected = new FinalizationRegistry(
  (/** @type {{ connection: import('../../rpc/connection.js').Caller, head: number }} */ { connection, head }) =>
    connection.tell('forgetHead', { head }),
);

let lastNumber = 0;

/** A number for a head's weights. The worker keeps them until this object is garbage, or the worker ends. */
export class RemoteHead {
  #connection;

  /** @param {import('../../rpc/connection.js').Caller} connection to the worker of the head's model */
  constructor(connection) {
    this.#connection = connection;
    /** The number. Its weights come to the worker by its method `keepHead`, or because `load` or `fit` makes them there. */
    this.number = ++lastNumber;
    collected.register(this, { connection, head: this.number });
  }

  /** Whether it is of the model of a connection. @param {import('../../rpc/connection.js').Caller} connection */
  isOf(connection) {
    return this.#connection === connection;
  }

  /**
   * Calls a method of the worker with `head`, the number, among its parameters.
   * @param {string} method
   * @param {object} params
   * @param {import('../../rpc/connection.js').CallOptions} options
   * @returns {Promise<any>} as `Connection.call`
   */
  call(method, params, options) {
    return this.#connection.call(method, { head: this.number, ...params }, options);
  }
}
