// Turns the options that every long call has (TaskOptions) into those of the connection.
import { rejectUnknownOptions } from './options.js';

/** The default of `onWarning`. @param {string} message */
const warn = (message) => console.warn(`bertlet: ${message}`);

/**
 * Throws BAD_INPUT if there are other options: they may be mistyped, or belong to another call.
 * @param {import('../types.js').TaskOptions} options
 * @returns {import('../rpc/connection.js').CallOptions}
 */
export function callOptions({ signal, onProgress, onWarning = warn, ...unknown }) {
  rejectUnknownOptions(unknown);
  return {
    signal,
    progress: onProgress !== undefined,
    onEvent({ progress, warning, texts }) {
      if (progress) onProgress?.(progress);
      if (warning) onWarning(warning, texts);
    },
  };
}
