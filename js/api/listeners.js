// Passes a call's events on to the caller's listeners.
import { rejectUnknownOptions } from './options.js';

/** @param {string} message */
const warn = (message) => console.warn(`bertlet: ${message}`);

/**
 * Takes the options of a call that it does not read itself. They must be listeners: any other option throws BAD_INPUT.
 * @param {Pick<import('../types.js').TaskOptions, 'onProgress' | 'onWarning'>} listeners
 * @returns {(event: { progress?: import('../types.js').Progress, warning?: string, texts?: number[] }) => void}
 */
export function listen({ onProgress, onWarning = warn, ...rest }) {
  rejectUnknownOptions(rest);
  return ({ progress, warning, texts }) => {
    if (progress) onProgress?.(progress);
    if (warning) onWarning(warning, texts);
  };
}
