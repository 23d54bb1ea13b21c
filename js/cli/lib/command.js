// The types of subcommands: what each module in commands/ exports, and what its `run` gets.

/**
 * What a subcommand gets.
 * @typedef {object} Context
 * @property {import('./arguments.js').Values} values its options
 * @property {string[]} files its other arguments
 * @property {AbortSignal} signal aborted by Ctrl-C
 * @property {import('./output.js').Output} output
 * @property {import('./progress.js').Progress} progress
 */

/**
 * What a subcommand's module exports.
 * @typedef {object} Command
 * @property {string} summary one line, for `bertlet --help`
 * @property {string} help what `--help` prints
 * @property {import('./arguments.js').Options} options
 * @property {number} maxFiles maximum number of arguments that are not options
 * @property {(context: Context) => Promise<void>} run
 */

export {};
