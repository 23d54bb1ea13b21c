// Work that reports less than it is used to.

/** @typedef {import('../../rpc/serve.js').Context} Context */

/**
 * For a part of the work whose warnings will come again with the whole.
 * @param {Context} context
 * @returns {Context}
 */
export const withoutWarnings = (context) => ({
  ...context,
  emit: (event) => {
    if (/** @type {{ warning?: string }} */ (event).warning === undefined) context.emit(event);
  },
});
