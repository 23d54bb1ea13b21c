// The options of a call that takes long, to what the connection wants of them.
import { rejectUnknownOptions } from './options.js';

/** @param {string} message */
const warn = (message) => console.warn(`bertlet: ${message}`);

/**
 * What is left of a call's options when it has taken its own must be the signal and listeners.
 * @param {import('../types.js').TaskOptions} options
 * @returns {import('../rpc/connection.js').CallOptions}
 */
export function callOptions({ signal, onProgress, onWarning = warn, ...others }) {
  rejectUnknownOptions(others);
  return {
    signal,
    progress: onProgress !== undefined,
    onEvent({ progress, warning, texts }) {
      if (progress) onProgress?.(progress);
      if (warning) onWarning(warning, texts);
    },
  };
}
