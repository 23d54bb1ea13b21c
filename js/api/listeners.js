// A call's events to the caller's listeners.
import { rejectUnknownOptions } from './options.js';

/** @param {string} message */
const warn = (message) => console.warn(`bertlet: ${message}`);

/**
 * What is left of a call's options when it has taken its own must be listeners.
 * @param {Pick<import('../types.js').TaskOptions, 'onProgress' | 'onWarning'>} listeners
 * @returns {(event: { progress?: import('../types.js').Progress, warning?: string, texts?: number[] }) => void}
 */
export function listen({ onProgress, onWarning = warn, ...others }) {
  rejectUnknownOptions(others);
  return ({ progress, warning, texts }) => {
    if (progress) onProgress?.(progress);
    if (warning) onWarning(warning, texts);
  };
}
