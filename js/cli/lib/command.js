// What a subcommand gets and what its module exports: types only.

/**
 * What a subcommand gets.
 * @typedef {object} Context
 * @property {import('./arguments.js').Values} values its options
 * @property {string[]} files its other arguments
 * @property {AbortSignal} signal
 * @property {import('./output.js').Output} output
 * @property {import('./progress.js').Progress} progress
 */

/**
 * What a subcommand's module exports.
 * @typedef {object} Command
 * @property {string} summary one line
 * @property {string} help
 * @property {import('./arguments.js').Options} options
 * @property {number} maxFiles
 * @property {(context: Context) => Promise<void>} run
 */

export {};
