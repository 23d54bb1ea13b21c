// What a reader may do with any bytes: give a right result, or refuse by an error that is not bertlet's fault.
import assert from 'node:assert/strict';
import { BertletError, toWire } from '../../js/errors.js';

/**
 * Runs a reader, and what uses its result.
 * @param {() => unknown} work throws an AssertionError if the result is wrong
 * @returns {Promise<string>} 'right', or the code of the error that it refused with; rejects with an error that callers would get as INTERNAL
 */
export async function outcomeOf(work) {
  try {
    await work();
    return 'right';
  } catch (error) {
    const { code } = toWire(error);
    if (code === 'INTERNAL')
      throw error instanceof BertletError ? new assert.AssertionError({ message: error.message }) : error;
    return code;
  }
}
