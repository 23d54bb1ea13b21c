// An instance of the core with its memory.
import { BertletError } from '../errors.js';
import { ALIGNMENT } from './abi.js';

/**
 * What instances are made of.
 * @typedef {object} CompiledModule
 * @property {WebAssembly.Module} module
 * @property {boolean} shared whether its memory is shared between threads
 * @property {number} heapBase first address after the module's own data and stack
 */

/** @typedef {Record<string, (...args: any[]) => any>} Functions */

const PAGE = 65536;
const MIN_PAGES = 16; // at least what the module's own data and stack take
const MAX_PAGES = 65536; // what the module declares

const encoder = new TextEncoder();

/** An instance with its memory, from which blocks are handed out and never given back. */
export class Core {
  /** The functions of bertlet.h, without their prefix. @type {Functions} */
  fn = {};

  /**
   * @param {WebAssembly.Memory} memory
   * @param {WebAssembly.Instance} instance
   */
  constructor(memory, { exports }) {
    this.memory = memory;
    for (const [name, value] of Object.entries(exports)) {
      if (typeof value === 'function') this.fn[name.replace('bertlet_', '')] = /** @type {Functions[string]} */ (value);
    }
    this.stackPointer = /** @type {WebAssembly.Global} */ (exports.__stack_pointer);
    /** First address that is not taken. */
    this.end = align(/** @type {WebAssembly.Global} */ (exports.__heap_base).value);
    /** What `place` has put after all blocks, while it is there. @type {Float32Array[] | undefined} */
    this.placed = undefined;
  }

  /**
   * @param {number} size in bytes
   * @returns {number} address of a block
   */
  reserve(size) {
    const block = this.end;
    this.end = align(block + size);
    this.placed = undefined;
    return block;
  }

  /**
   * Room after all blocks for something short-lived, until the next call; the one region that may grow.
   * @param {number} size in bytes
   * @returns {number} its address
   */
  scratch(size) {
    const missing = Math.ceil((this.end + size - this.memory.buffer.byteLength) / PAGE);
    try {
      if (missing > 0) this.memory.grow(missing);
    } catch (error) {
      throw outOfMemory(size, error);
    }
    this.placed = undefined;
    return this.end;
  }

  /**
   * Puts arrays into scratch memory, such as the weights of a head; if it is the same list that was put there last, and nobody used
   * that memory since, without copying them.
   * @param {Float32Array[]} arrays not to be changed
   * @param {number} room bytes that are wanted after them
   * @returns {number[]} addresses of the arrays and of the room, until the next use of scratch memory
   */
  place(arrays, room) {
    const there = this.placed === arrays;
    const size = arrays.reduce((sum, { byteLength }) => sum + align(byteLength), room);
    let next = this.scratch(size);
    this.placed = arrays;
    const addresses = arrays.map((array) => {
      const at = next;
      if (!there) this.floats(at, array.length).set(array);
      next += align(array.byteLength);
      return at;
    });
    return [...addresses, next];
  }

  /**
   * @param {number} at
   * @param {number} room in bytes, at least 3 for each UTF-16 unit
   * @param {string} text
   * @returns {number} bytes of UTF-8 that were written
   */
  writeText(at, room, text) {
    if (this.memory.buffer instanceof ArrayBuffer) return encoder.encodeInto(text, this.bytes(at, room)).written;
    const utf8 = encoder.encode(text); // browsers write nothing into shared memory
    this.bytes(at, utf8.length).set(utf8);
    return utf8.length;
  }

  // Views are made when they are needed: growing the memory detaches those made before.

  /** @type {(at: number, length: number) => Uint8Array} */
  bytes(at, length) {
    return new Uint8Array(this.memory.buffer, at, length);
  }
  /** @type {(at: number, length: number) => Int32Array} */
  ints(at, length) {
    return new Int32Array(this.memory.buffer, at, length);
  }
  /** @type {(at: number, length: number) => Float32Array} */
  floats(at, length) {
    return new Float32Array(this.memory.buffer, at, length);
  }
}

/** @param {number} size */
export const align = (size) => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

/**
 * @param {number} size
 * @param {unknown} cause
 */
function outOfMemory(size, cause) {
  const need = `${Math.ceil(size / 2 ** 20)} MB of memory are needed and not to be had.`;
  return new BertletError('OUT_OF_MEMORY', `${need} Close something else, or take a smaller model or shorter texts.`, {
    cause,
  });
}

/**
 * @param {CompiledModule} compiled
 * @param {number} size bytes for blocks and scratch
 * @param {number} [growth] bytes by which `scratch` may grow the memory
 * @returns {Promise<Core>}
 */
export async function createCore(compiled, size, growth = 0) {
  const pages = Math.ceil((compiled.heapBase + size) / PAGE);
  return instantiate(compiled, createMemory(compiled.shared, pages, pages + Math.ceil(growth / PAGE)));
}

/**
 * @param {boolean} shared
 * @param {number} pages
 * @param {number} maximum
 */
function createMemory(shared, pages, maximum) {
  try {
    return new WebAssembly.Memory({
      initial: Math.max(pages, MIN_PAGES),
      maximum: Math.min(Math.max(maximum, MIN_PAGES), MAX_PAGES),
      shared,
    });
  } catch (error) {
    throw outOfMemory(pages * PAGE, error);
  }
}

/**
 * @param {Pick<CompiledModule, 'module'>} compiled
 * @param {WebAssembly.Memory} memory
 */
export async function instantiate({ module }, memory) {
  return new Core(memory, await WebAssembly.instantiate(module, { env: { memory } }));
}
