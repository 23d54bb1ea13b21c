#!/usr/bin/env node
// The `bertlet` command: runs a subcommand, and turns its outcome into an exit code.
import { readFile } from 'node:fs/promises';
import { BertletError } from '../errors.js';
import { parse, UsageError } from './lib/arguments.js';
import { Output, ReaderGone } from './lib/output.js';
import { Progress } from './lib/progress.js';

/** @type {Record<string, () => Promise<import('./lib/command.js').Command>>} */
const commands = {
  tokenize: () => import('./commands/tokenize.js'),
  embed: () => import('./commands/embed.js'),
  search: () => import('./commands/search.js'),
  'fill-mask': () => import('./commands/fill-mask.js'),
  train: () => import('./commands/train.js'),
  pretrain: () => import('./commands/pretrain.js'),
  predict: () => import('./commands/predict.js'),
  evaluate: () => import('./commands/evaluate.js'),
  'learning-curve': () => import('./commands/learning-curve.js'),
  vocabulary: () => import('./commands/vocabulary.js'),
  convert: () => import('./commands/convert.js'),
  cache: () => import('./commands/cache.js'),
};

/** Signals that end the program, and their numbers. The exit code is 128 more, as in a shell. */
const signals = /** @type {const} */ ({ SIGINT: 2, SIGTERM: 15 });

/**
 * Runs a command line.
 * @param {string[]} argv
 * @returns {Promise<number>} exit code: 0 done; 1 the run failed; 2 the command line is wrong; 128 and more: a signal
 */
async function main(argv) {
  const controller = new AbortController();
  let interrupted = 0;
  for (const [name, number] of Object.entries(signals)) {
    // Only once, so that a second signal ends the program at once.
    process.once(name, () => {
      interrupted = 128 + number;
      controller.abort();
    });
  }
  const output = new Output(process.stdout, controller.signal);
  try {
    await dispatch(argv, output, controller.signal);
    await output.end();
    return 0;
  } catch (error) {
    if (interrupted) return interrupted;
    if (error instanceof ReaderGone) return 0;
    if (error instanceof UsageError) {
      const command = Object.hasOwn(commands, argv[0] ?? '') ? ` ${argv[0]}` : '';
      process.stderr.write(`bertlet${command}: ${error.message}. See bertlet${command} --help.\n`);
      return 2;
    }
    const known = error instanceof BertletError;
    process.stderr.write(
      known ? `bertlet: ${error.message} (${error.code})\n` : `bertlet: this is a bug: ${trace(error)}\n`,
    );
    return 1;
  }
}

/**
 * Finds and runs the subcommand; throws UsageError or BertletError.
 * @param {string[]} argv
 * @param {Output} output
 * @param {AbortSignal} signal
 */
async function dispatch(argv, output, signal) {
  const [name, ...rest] = argv;
  if (name === '--help' || name === '-h') return print(await overview());
  if (name === '--version') return print(await version());
  if (name === undefined) throw new UsageError('a command is missing');
  if (!Object.hasOwn(commands, name)) {
    throw new UsageError(`there is no command '${name}'; there are ${Object.keys(commands).join(', ')}`);
  }
  const { help, maxFiles, options, run } = await commands[name]();
  const { values, files } = parse(rest, options, maxFiles);
  if (values.help) return print(help);
  const progress = new Progress(process.stderr, {
    verbose: ['train', 'pretrain', 'evaluate', 'learning-curve', 'vocabulary', 'convert'].includes(name),
  });
  try {
    await run({ values, files, signal, output, progress });
  } finally {
    progress.clear();
  }
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`);
}

async function overview() {
  const lines = await Promise.all(
    Object.entries(commands).map(async ([name, open]) => `  ${name.padEnd(14)} ${(await open()).summary}`),
  );
  return `Usage: bertlet COMMAND [options]

BERT on the command line: vectors for texts, and classifiers from a few labelled examples.

${lines.join('\n')}

bertlet COMMAND --help explains a command. Texts are lines of standard input or of a file, results are JSON Lines on standard
output, progress goes to standard error. Exit code 0: done; 1: the run failed; 2: the command line is wrong.`;
}

async function version() {
  return JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

/** @param {unknown} error */
function trace(error) {
  return error instanceof Error ? error.stack : String(error);
}

process.exitCode = await main(process.argv.slice(2));
