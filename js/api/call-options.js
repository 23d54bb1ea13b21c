// The options of a call that takes long, to what the connection wants of them.
import { rejectUnknownOptions } from './options.js';

/** @param {string} message */
const warn = (message) => console.warn(`bertlet: ${message}`);

/**
 * Takes the options of a call that it does not read itself. They must be the signal and listeners: any other option throws BAD_INPUT.
 * @param {import('../types.js').TaskOptions} options
 * @returns {import('../rpc/connection.js').CallOptions}
 */
export function callOptions({ signal, onProgress, onWarning = warn, ...rest }) {
  rejectUnknownOptions(rest);
  return {
    signal,
    progress: onProgress !== undefined,
    onEvent({ progress, warning, texts }) {
      if (progress) onProgress?.(progress);
      if (warning) onWarning(warning, texts);
    },
  };
}
