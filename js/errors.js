// What goes wrong, in one class; and how an error crosses from the worker to the caller.

/**
 * Every failure but a cancellation (which rejects with the signal's reason, as `fetch` does) is a BertletError.
 * `code` is stable and made for programs; `message` is a sentence for people that says what to do.
 */
export class BertletError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'BertletError';
    this.code = code;
  }
}

/**
 * @typedef {'FILE_NOT_FOUND' | 'NETWORK' | 'NOT_A_MODEL' | 'TRUNCATED_FILE' | 'BAD_SAFETENSORS' | 'BAD_CONFIG'
 *   | 'UNSUPPORTED_MODEL' | 'UNSUPPORTED_DTYPE' | 'MISSING_TENSOR' | 'SHAPE_MISMATCH' | 'BAD_VOCABULARY' | 'BAD_WEIGHTS'
 *   | 'BAD_ADAPTER' | 'BAD_INPUT' | 'TEXT_TOO_LONG' | 'NO_EXAMPLES' | 'ONE_CLASS' | 'BAD_LABELS' | 'BAD_HEAD' | 'HEAD_MODEL_MISMATCH'
 *   | 'DISPOSED' | 'OUT_OF_MEMORY' | 'NO_WASM' | 'WORKER_FAILED' | 'INTERNAL'
 *   | 'FILE_ACCESS' | 'BAD_DATA' | 'OUTPUT_EXISTS'} ErrorCode the last two come from the command line only
 */

/** @typedef {{ code: ErrorCode, message: string, stack?: string }} WireError */

/**
 * Structured cloning drops `code` and the class, so an error travels as a plain object.
 * @param {unknown} error
 * @returns {WireError}
 */
export function toWire(error) {
  if (error instanceof BertletError) return { code: error.code, message: error.message };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  // "Array buffer allocation failed", "could not allocate memory": engines agree on the class and on little else.
  if (error instanceof RangeError && /alloc|memory/i.test(message)) return { code: 'OUT_OF_MEMORY', message };
  return { code: 'INTERNAL', message: `Something in bertlet itself failed, please report it: ${message}`, stack };
}

/**
 * @param {WireError} wire
 * @returns {BertletError}
 */
export function fromWire({ code, message, stack }) {
  return new BertletError(code, message, stack ? { cause: stack } : undefined);
}
