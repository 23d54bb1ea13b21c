// The error that bertlet throws, and how it crosses from the worker to the caller.

/** Longest message in UTF-16 units: it may quote a file or a text, but not all of it. */
const MAX_MESSAGE = 2000;

/**
 * Every failure is a BertletError, except that an aborted call rejects with the signal's reason, as `fetch` does.
 * `code` is stable and made for programs; `message` is for people, and says what to do.
 */
export class BertletError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message, options);
    this.name = 'BertletError';
    this.code = code;
  }
}

/**
 * The files of a model:
 *   FILE_NOT_FOUND       a file or folder does not exist, or a server keeps it private
 *   FILE_ACCESS          a file exists, but can't be read or written
 *   NETWORK              a server can't be reached, fails, or the download broke off
 *   NOT_A_MODEL          something else came in place of the file: a web page, a Git LFS pointer, a PyTorch checkpoint
 *   TRUNCATED_FILE       a file ends before its header says
 *   BAD_SAFETENSORS, BAD_CONFIG, BAD_VOCABULARY   a file is not what its format asks for
 *   UNSUPPORTED_MODEL    bertlet has no encoder, or no head, of this kind
 *   UNSUPPORTED_DTYPE    tensors, or `dtype`, are in numbers that bertlet does not read or compute in
 *   MISSING_TENSOR, SHAPE_MISMATCH   the weights lack a tensor, or it does not fit config.json
 *   BAD_WEIGHTS          weights, or numbers in training, are NaN, infinite or implausibly large
 *   BAD_ADAPTER          an adapter can't be merged into the model, or can't lie beside it
 *   BAD_HEAD             a head file is damaged, of another version, or not a head
 *   HEAD_MODEL_MISMATCH  a head was trained on other weights than the loaded ones
 *   BAD_CHECKPOINT       a checkpoint of a training is damaged, or of another training
 * What a call was given:
 *   BAD_INPUT            an argument or option has the wrong type or value
 *   TEXT_TOO_LONG        a text has more tokens than the model takes, where it may not be cut
 *   NO_EXAMPLES, ONE_CLASS, BAD_LABELS   examples are missing, all have the same label, or labels don't fit
 *   DISPOSED             the model or tokenizer was disposed of
 * What it runs on:
 *   OUT_OF_MEMORY        there is not enough memory
 *   NO_WASM              the WebAssembly build can't be fetched or compiled
 *   WORKER_FAILED        the worker could not be loaded or ended unexpectedly
 *   INTERNAL             a bug in bertlet
 * On the command line only:
 *   BAD_DATA             a file of examples is not in its format
 *   OUTPUT_EXISTS        a folder to be written holds what may not be replaced
 * @typedef {'FILE_NOT_FOUND' | 'NETWORK' | 'NOT_A_MODEL' | 'TRUNCATED_FILE' | 'BAD_SAFETENSORS' | 'BAD_CONFIG'
 *   | 'UNSUPPORTED_MODEL' | 'UNSUPPORTED_DTYPE' | 'MISSING_TENSOR' | 'SHAPE_MISMATCH' | 'BAD_VOCABULARY' | 'BAD_WEIGHTS'
 *   | 'BAD_ADAPTER' | 'BAD_INPUT' | 'TEXT_TOO_LONG' | 'NO_EXAMPLES' | 'ONE_CLASS' | 'BAD_LABELS' | 'BAD_HEAD' | 'HEAD_MODEL_MISMATCH' | 'BAD_CHECKPOINT'
 *   | 'DISPOSED' | 'OUT_OF_MEMORY' | 'NO_WASM' | 'WORKER_FAILED' | 'INTERNAL'
 *   | 'FILE_ACCESS' | 'BAD_DATA' | 'OUTPUT_EXISTS'} ErrorCode
 */

/** @typedef {{ code: ErrorCode, message: string, stack?: string }} WireError an error as a message between threads */

/**
 * An error as a plain object, since structured cloning would drop its class and its `code`. What is not a BertletError becomes
 * OUT_OF_MEMORY or INTERNAL.
 * @param {unknown} error
 * @returns {WireError}
 */
export function toWire(error) {
  if (error instanceof BertletError) return { code: error.code, message: error.message };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  // Engines agree on the class of this error, not on its words: "Array buffer allocation failed", "could not allocate memory".
  if (error instanceof RangeError && /alloc|memory/i.test(message)) return { code: 'OUT_OF_MEMORY', message };
  return { code: 'INTERNAL', message: `Something in bertlet itself failed, please report it: ${message}`, stack };
}

/**
 * The error that `toWire` made an object of; its `cause` is the stack in the other thread.
 * @param {WireError} wire
 * @returns {BertletError}
 */
export function fromWire({ code, message, stack }) {
  return new BertletError(code, message, stack ? { cause: stack } : undefined);
}
