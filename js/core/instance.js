// An instance of the C core, and its memory.
import { BertletError } from '../errors.js';
import { ALIGNMENT } from './abi.js';

/**
 * A compiled build, of which instances are made.
 * @typedef {object} CompiledModule
 * @property {WebAssembly.Module} module
 * @property {boolean} shared whether its memory is shared between threads
 * @property {number} heapBase first address behind the module's data and stack
 */

/** By name. @typedef {Record<string, (...args: any[]) => any>} Functions */

const PAGE = 65536; // bytes
const MIN_PAGES = 16; // enough for the module's data and stack
const MAX_PAGES = 65536; // the module's declared maximum, 4 GiB

const encoder = new TextEncoder();

/**
 * An instance and its memory, which is used from its beginning: blocks, which are never freed, then scratch memory, which each use
 * overwrites. An address is the number of a byte in this memory.
 */
export class Core {
  /** The functions of bertlet.h, without the prefix bertlet_. @type {Functions} */
  fn = {};
  #begin;

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
    this.#begin = align(/** @type {WebAssembly.Global} */ (exports.__heap_base).value);
    /** First address behind all blocks, where scratch memory begins. */
    this.end = this.#begin;
    /** The arrays that `copyIn` has copied into scratch memory, while they are there. @type {Float32Array[] | undefined} */
    this.copiedIn = undefined;
  }

  /**
   * Hands out a block. Blocks must fit into the memory that `createCore` was asked for, which this does not check.
   * @param {number} size in bytes
   * @returns {number} its address, a multiple of ALIGNMENT
   */
  reserve(size) {
    const block = this.end;
    this.end = align(block + size);
    this.copiedIn = undefined;
    return block;
  }

  /** Takes back all blocks: none of them is in use any more. */
  clear() {
    this.end = this.#begin;
    this.copiedIn = undefined;
  }

  /**
   * Scratch memory, valid until this or another method hands out memory again. The memory grows for it if need be, which detaches all
   * views. Throws OUT_OF_MEMORY.
   * @param {number} size in bytes
   * @returns {number} its address, a multiple of ALIGNMENT
   */
  scratch(size) {
    const missing = Math.ceil((this.end + size - this.memory.buffer.byteLength) / PAGE);
    try {
      if (missing > 0) this.memory.grow(missing);
    } catch (error) {
      throw outOfMemory(size, error);
    }
    this.copiedIn = undefined;
    return this.end;
  }

  /**
   * Copies arrays, such as the weights of a head, into scratch memory. They are not copied again if they are still there: if this very
   * list was copied last, and scratch memory has not been used for anything else since. Throws OUT_OF_MEMORY.
   * @param {Float32Array[]} arrays must not be changed later, neither the list nor the numbers
   * @param {number} extra bytes that are wanted behind them
   * @returns {number[]} address of each array, then of the extra bytes; valid until the next use of scratch memory
   */
  copyIn(arrays, extra) {
    const there = this.copiedIn === arrays;
    const size = arrays.reduce((sum, { byteLength }) => sum + align(byteLength), extra);
    let next = this.scratch(size);
    this.copiedIn = arrays;
    const addresses = arrays.map((array) => {
      const address = next;
      if (!there) this.floats(address, array.length).set(array);
      next += align(array.byteLength);
      return address;
    });
    return [...addresses, next];
  }

  /**
   * Writes a text as UTF-8.
   * @param {number} address
   * @param {number} capacity bytes that are free there, at least 3 for each UTF-16 unit of the text
   * @param {string} text
   * @returns {number} number of bytes that were written
   */
  writeText(address, capacity, text) {
    if (this.memory.buffer instanceof ArrayBuffer)
      return encoder.encodeInto(text, this.bytes(address, capacity)).written;
    const utf8 = encoder.encode(text); // browsers refuse to encode into shared memory
    this.bytes(address, utf8.length).set(utf8);
    return utf8.length;
  }

  // Views of the memory. They are made anew for each use, because growing the memory detaches them.

  /** @type {(address: number, length: number) => Uint8Array} */
  bytes(address, length) {
    return new Uint8Array(this.memory.buffer, address, length);
  }
  /** @type {(address: number, length: number) => Int32Array} */
  ints(address, length) {
    return new Int32Array(this.memory.buffer, address, length);
  }
  /** @type {(address: number, length: number) => Float32Array} */
  floats(address, length) {
    return new Float32Array(this.memory.buffer, address, length);
  }
}

/** The next multiple of ALIGNMENT. @param {number} size */
export const align = (size) => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

/**
 * @param {number} size in bytes
 * @param {unknown} cause what the engine threw
 */
function outOfMemory(size, cause) {
  const message = `There are no ${Math.ceil(size / 2 ** 20)} MB of free memory. Close something, or use a smaller model or shorter texts.`;
  return new BertletError('OUT_OF_MEMORY', message, { cause });
}

/**
 * An instance with a memory of its own, which is freed when the instance is garbage.
 * @param {CompiledModule} compiled
 * @param {number} size bytes for blocks and scratch memory
 * @param {number} [growth] bytes by which `scratch` may grow the memory; default 0
 * @returns {Promise<Core>} rejects with OUT_OF_MEMORY
 */
export async function createCore(compiled, size, growth = 0) {
  const pages = Math.ceil((compiled.heapBase + size) / PAGE);
  return instantiate(compiled, createMemory(compiled.shared, pages, pages + Math.ceil(growth / PAGE)));
}

/**
 * Throws OUT_OF_MEMORY.
 * @param {boolean} shared whether threads share it
 * @param {number} pages at the beginning
 * @param {number} maximum pages to which it may grow
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
 * An instance on a memory that exists: each further thread has one on the memory of the first.
 * @param {Pick<CompiledModule, 'module'>} compiled
 * @param {WebAssembly.Memory} memory
 */
export async function instantiate({ module }, memory) {
  return new Core(memory, await WebAssembly.instantiate(module, { env: { memory } }));
}
