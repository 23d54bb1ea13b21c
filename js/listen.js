// A call's events to the caller's listeners.

/** @param {string} message */
const warn = (message) => console.warn(`bertlet: ${message}`);

/**
 * @param {Pick<import('./types.js').TaskOptions, 'onProgress' | 'onWarning'>} listeners
 * @returns {(event: { progress?: import('./types.js').Progress, warning?: string, texts?: number[] }) => void}
 */
export function listen({ onProgress, onWarning = warn }) {
  return ({ progress, warning, texts }) => {
    if (progress) onProgress?.(progress);
    if (warning) onWarning(warning, texts);
  };
}
