// MessageChannel in Cloudflare's workers, whose own, where they have one, transfers nothing. scripts/bundle.js puts it into the place of the global one.

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

export class MessageChannel {
  port1 = new Port();
  port2 = new Port();

  constructor() {
    this.port1.other = this.port2;
    this.port2.other = this.port1;
  }
}
