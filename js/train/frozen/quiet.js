// Contexts for work whose events the caller is not to see.

/** @typedef {import('../../rpc/serve.js').Context} Context */

/**
 * The same context without warnings: for work on some of the texts, which is done again on all of them and warns then.
 * @param {Context} context
 * @returns {Context}
 */
export const withoutWarnings = (context) => ({
  ...context,
  emit: (event) => {
    if (/** @type {{ warning?: string }} */ (event).warning === undefined) context.emit(event);
  },
});
