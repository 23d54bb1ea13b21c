// Globals as bertlet needs them in Cloudflare's workers. scripts/bundle.js puts them into the places of those that are there.
import { BertletError } from '../../js/errors.js';

/** What bertlet uses of a MessagePort. A message arrives in a microtask, and so within the request that it belongs to. */
class Port {
  /** @type {Port | undefined} undefined once it is closed */
  other;
  /** @type {((event: { data: unknown }) => void) | undefined} */
  onmessage;

  /** @param {unknown} message @param {(Transferable | Port)[]} [transfer] */
  postMessage(message, transfer = []) {
    const { other } = this;
    // What carries ports can't be cloned; it is made for the message alone.
    const data = transfer.some((item) => item instanceof Port)
      ? message
      : structuredClone(message, { transfer: /** @type {Transferable[]} */ (transfer) });
    queueMicrotask(() => {
      if (other?.other) other.onmessage?.({ data });
    });
  }

  close() {
    this.other = undefined;
  }
}

/** Theirs, where they have one, transfers nothing. */
export class MessageChannel {
  port1 = new Port();
  port2 = new Port();

  constructor() {
    this.port1.other = this.port2;
    this.port2.other = this.port1;
  }
}

/** A compatibility date tells the runtime what to have. @returns {never} */
const tooOld = () => {
  throw new BertletError(
    'NO_WASM',
    'bertlet needs a compatibility_date of 2025-05-05 or later in the worker’s configuration.',
  );
};

export const FinalizationRegistry = globalThis.FinalizationRegistry ?? tooOld();
