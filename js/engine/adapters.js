// Adapters beside a model's weights: packed as the core wants them, in its memory. Only who uses one fetches this file.
import { STATUS } from '../core/abi.js';
import { align } from '../core/instance.js';
import { tensorsOf } from '../core/tensors.js';
import { BertletError } from '../errors.js';
import { ADAPTER_BYTES } from './engine.js';

/** @typedef {import('../core/dense.js').Lora} Lora */
/** @typedef {import('../core/dense.js').Delta} Delta */

/** The adapters of an engine. @param {import('./engine.js').Engine} engine @returns {Adapters} */
export const adaptersOf = (engine) => /** @type {Adapters} */ (engine.adapters ??= new Adapters(engine));

/**
 * The adapters of an engine. What was used last stays packed in the core's memory, up to ADAPTER_BYTES in all; the others are packed again
 * when they are used. They lie behind all blocks of the engine, in front of scratch memory.
 */
export class Adapters {
  #core;
  #model;
  #begin;
  #tensors;
  /** Where each is, the one that was used last at the end. @type {Map<Lora, { address: number, size: number }>} */
  #places = new Map();

  /** @param {import('./engine.js').Engine} engine which reserves no more blocks */
  constructor({ core, model }) {
    this.#core = core;
    this.#model = model;
    this.#begin = core.end;
    this.#tensors = tensorsOf(core, model);
  }

  /** The shape of a tensor of the encoder, by its canonical name; undefined if there is none. @param {string} name */
  shapeOf(name) {
    return this.#tensors.get(name)?.shape;
  }

  /**
   * Throws BAD_ADAPTER if an adapter can't lie beside the model.
   * @param {Lora} lora
   */
  check(lora) {
    for (const [name, delta] of lora) {
      const { rank, rows, columns, a, b } = delta;
      const shape = this.shapeOf(name);
      if (String(shape) !== String([rows, columns]) || a.length !== rank * columns || b.length !== rows * rank) {
        throw new BertletError(
          'BAD_ADAPTER',
          `The adapter changes ${name} as one of shape [${rows},${columns}], but ` +
            `${shape ? `in the model it has [${shape}]` : 'the model has no such tensor'}. Load the model that it was trained on.`,
        );
      }
      if (rank < 1 || this.#sizeOf(new Map([[name, delta]])) === 0) {
        throw new BertletError(
          'BAD_ADAPTER',
          `The adapter changes ${name}, with rank ${rank}: only linear layers of the encoder can have one beside the model, of at most ` +
            'the rank that hidden states have numbers. Merge it while the model is loaded: load(model, { adapter }).',
        );
      }
    }
  }

  /**
   * The address of an adapter as a bertlet_lora, which is packed if it is not there. Throws OUT_OF_MEMORY, or BAD_ADAPTER if its numbers
   * are NaN or too large.
   * @param {Lora} lora that `check` has accepted; must not be changed later
   * @returns {number} valid until this is called for another one
   */
  place(lora) {
    const place = this.#places.get(lora) ?? this.#pack(lora);
    this.#places.delete(lora);
    this.#places.set(lora, place);
    return place.address;
  }

  /** Frees an adapter's memory. @param {Lora | undefined} lora */
  free(lora) {
    if (lora && this.#places.delete(lora)) this.#setEnd();
  }

  /** @param {Lora} lora */
  #pack(lora) {
    const { fn } = this.#core;
    const size = align(this.#sizeOf(lora));
    const place = { address: this.#reserve(size), size };
    this.#places.set(lora, place);
    this.#setEnd();
    try {
      fn.lora_init(place.address, this.#model, this.#ranksIn(lora));
      for (const [name, { a, b, rank, scale }] of lora) {
        const [aAt, bAt] = this.#core.copyIn([a, b], 0);
        const status = fn.lora_write(place.address, this.#indexOf(name), aAt, bAt, rank, scale);
        if (status === STATUS.ERROR_NUMERIC)
          throw new BertletError(
            'BAD_ADAPTER',
            `The adapter of ${name} holds NaN, infinity or numbers beyond 2^20. Train or export it again.`,
          );
        if (status !== STATUS.OK) throw new Error(`bertlet_lora_write: ${status}`);
      }
    } catch (error) {
      this.free(lora);
      throw error;
    }
    return place;
  }

  /** @param {string} name */
  #indexOf(name) {
    return /** @type {import('../core/tensors.js').CoreTensor} */ (this.#tensors.get(name)).index;
  }

  /** Puts the rank of each tensor into scratch memory. @param {Lora} lora @returns {number} the address */
  #ranksIn(lora) {
    const ranks = this.#core.scratch(4 * this.#tensors.size);
    const values = this.#core.ints(ranks, this.#tensors.size).fill(0);
    for (const [name, { rank }] of lora) values[this.#indexOf(name)] = rank;
    return ranks;
  }

  /** Bytes of an adapter, 0 if it can't lie beside the model. @param {Lora} lora @returns {number} */
  #sizeOf(lora) {
    return this.#core.fn.lora_bytes(this.#model, this.#ranksIn(lora)) >>> 0;
  }

  /**
   * Finds room. What was not used for the longest time makes way. Throws OUT_OF_MEMORY if even that does not help.
   * @param {number} size
   * @returns {number} address
   */
  #reserve(size) {
    for (;;) {
      const [oldest] = this.#places.keys();
      const used = [...this.#places.values()].reduce((sum, place) => sum + place.size, 0);
      if (!oldest || used + size <= ADAPTER_BYTES) {
        try {
          return this.#findGap(size);
        } catch (error) {
          if (!oldest) throw error;
        }
      }
      this.free(oldest);
    }
  }

  /** @param {number} size @returns {number} address of the first gap, or of what is free behind all; the memory may grow */
  #findGap(size) {
    let address = this.#begin;
    for (const place of [...this.#places.values()].sort((a, b) => a.address - b.address)) {
      if (place.address - address >= size) return address;
      address = place.address + place.size;
    }
    return this.#core.scratch(size); // which begins behind all
  }

  /** Scratch memory begins behind the last one. */
  #setEnd() {
    const ends = [...this.#places.values()].map(({ address, size }) => address + size);
    this.#core.end = Math.max(this.#begin, ...ends);
    this.#core.copiedIn = undefined;
  }
}
