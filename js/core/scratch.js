// Weights that don't belong to the model, such as those of heads, in the core's scratch memory.
import { align } from './wasm.js';

/** Arrays that are wanted in scratch memory again and again: copied there once, and again when others have used it meanwhile. */
export class ScratchArrays {
  #core;
  #arrays;
  #bytes;
  #uses = -1;

  /**
   * @param {import('./wasm.js').Core} core
   * @param {Float32Array[]} arrays not to be changed
   */
  constructor(core, arrays) {
    this.#core = core;
    this.#arrays = arrays;
    this.#bytes = arrays.reduce((sum, { byteLength }) => sum + align(byteLength), 0);
  }

  /**
   * @param {number} room bytes that are wanted beside them
   * @returns {number[]} addresses of the arrays and, last, of the room, valid until the next use of `core.scratch`
   */
  place(room) {
    const core = this.#core;
    const there = core.scratchUses === this.#uses;
    let next = core.scratch(this.#bytes + room);
    this.#uses = core.scratchUses;
    const addresses = this.#arrays.map((array) => {
      const at = next;
      if (!there) core.floats(at, array.length).set(array);
      next += align(array.byteLength);
      return at;
    });
    return [...addresses, next];
  }
}
