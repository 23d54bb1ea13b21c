// A call's events to the caller's listeners.

/** @param {string} message */
const warn = (message) => console.warn(`bertlet: ${message}`);

/**
 * @param {Pick<import('./types.js').TaskOptions, 'onProgress' | 'onWarning'>} listeners
 * @returns {(event: { progress?: import('./types.js').Progress, warning?: string }) => void}
 */
export function listen({ onProgress, onWarning = warn }) {
  return ({ progress, warning }) => {
    if (progress) onProgress?.(progress);
    if (warning) onWarning(warning);
  };
}
