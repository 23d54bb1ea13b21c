// `npm run bench`: this project and its peers side by side, in one run. Prints tables; a whole run also renews
// bench/results.json and the README's chart.
//
//   --quick        one shape, few sentences
//   --only WORDS   comma-separated: node, node24, chromium; f32, int8; encoder, texts, texts-2 (on two threads), threads,
//                  pool, tokenizer, heads, training (of the encoder, and in Node of a vocabulary), and for Chromium start, memory. Of each
//                  kind those that are named.
//
// Training is measured beside PyTorch, in an environment of Python that it makes in bench/models; or in that of BERTLET_BENCH_PYTHON, a
// path to a Python that has it.
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildWasm } from '../scripts/build.js';
import { bundle } from '../scripts/bundle.js';
import { ensureBrowser, ensureModel, ensureNode24, ensurePackages } from '../scripts/setup.js';
import { main, root, step } from '../scripts/shell.js';
import { spread } from './inputs.js';
import { printTables } from './report.js';
import { ensureConverted, ensureExport, ensureHead, ensurePeers, ensureSmallModel, here } from './setup.js';
import { measureSizes } from './sizes.js';
import { ensureTorch, torchVersions } from './training/torch.js';

/**
 * @typedef {object} Request what a platform is asked to measure
 * @property {string} model folder of the checkpoint
 * @property {string} small folder of the model that is pre-trained, if training is measured
 * @property {string} exported folder of the ONNX files
 * @property {string} converted folder that `bertlet convert` has written
 * @property {string} head folder of a head on the model's sentence vectors
 * @property {import('./suites/suite.js').Texts} texts
 * @property {string[]} suites
 * @property {import('./suites/suite.js').Dtype[]} dtypes
 * @property {boolean} quick
 * @property {string} [python] program with PyTorch, if training is measured
 */

/** @typedef {{ platform: string, rows: import('./suites/suite.js').Row[], facts?: import('./suites/suite.js').Fact[] }} Result */

/**
 * @typedef {object} Results
 * @property {string} date
 * @property {string} cpu
 * @property {string} load average of the minute before: above 0.5, other programs were running
 * @property {Record<string, string>} peers versions
 * @property {Result[]} results
 * @property {import('./suites/suite.js').Fact[]} sizes
 */

/** @type {{ platforms: string[], dtypes: import('./suites/suite.js').Dtype[], suites: string[] }} */
const CHOICES = {
  platforms: ['node', 'node24', 'chromium'],
  dtypes: ['f32', 'int8'],
  suites: ['encoder', 'texts', 'texts-2', 'threads', 'pool', 'tokenizer', 'heads', 'training', 'start', 'memory'],
};

/** @param {string} text */
function choose(text) {
  const words = text ? text.split(',') : [];
  const unknown = words.find((word) => !Object.values(CHOICES).flat().includes(word));
  if (unknown) throw new Error(`--only knows ${Object.values(CHOICES).flat().join(', ')}, not "${unknown}".`);
  const chosen = Object.entries(CHOICES).map(([kind, all]) => {
    const named = all.filter((word) => words.includes(word));
    return [kind, named.length > 0 ? named : all];
  });
  return /** @type {typeof CHOICES} */ (Object.fromEntries(chosen));
}

const say = (/** @type {string} */ message) => void process.stderr.write(`  ${message}\n`);

/** @typedef {{ rows: import('./suites/suite.js').Row[], facts?: import('./suites/suite.js').Fact[] }} Measured */

/**
 * @param {string} execPath
 * @param {Request} request
 * @returns {Promise<Measured>}
 */
async function measureInNode(execPath, request) {
  const suites = request.suites.filter((suite) => suite !== 'training');
  const { rows } = suites.length > 0 ? await measureIn(execPath, 'node.js', { ...request, suites }) : { rows: [] };
  if (suites.length === request.suites.length) return { rows };
  const { facts } = await measureIn(execPath, 'training/node.js', request);
  return { rows, facts };
}

/**
 * @param {string} execPath
 * @param {string} script
 * @param {Request} request
 * @returns {Promise<Measured>}
 */
function measureIn(execPath, script, request) {
  return new Promise((resolve, reject) => {
    const child = fork(join(here, script), { execPath, execArgv: [] });
    child.on('message', (/** @type {{ message?: string } & Measured} */ { message, ...measured }) => {
      if (message) say(message);
      if (measured.rows) resolve(measured);
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`${execPath} ended with ${signal ?? code}`)));
    child.send(request);
  });
}

/** @type {Record<string, (request: Request) => Promise<Result>>} */
const measure = {
  node: async (request) => ({
    platform: `Node ${process.versions.node}`,
    ...(await measureInNode(process.execPath, request)),
  }),
  async node24(request) {
    const node24 = /** @type {string} */ (await ensureNode24());
    const { version } = JSON.parse(await readFile(join(node24, '../../package.json'), 'utf8'));
    return { platform: `Node ${version}`, ...(await measureInNode(node24, request)) };
  },
  async chromium(request) {
    const { measureInBrowser } = await import('./browser.js');
    const { version, ...results } = await measureInBrowser(await ensureBrowser(), request, say);
    return { platform: `Chromium ${version}`, ...results };
  },
};

/**
 * @param {boolean} quick
 * @returns {Promise<import('./suites/suite.js').Texts>} what is there of it
 */
async function readTexts(quick) {
  const [sentences, paragraphs] = await Promise.all([
    readLines('rt-polarity/train.tsv', quick ? 100 : 1000),
    readLines('wiki-paragraphs/test.txt', quick ? 100 : 2000),
  ]);
  return { sentences: sentences.map((line) => line.split('\t')[0]), paragraphs };
}

/**
 * @param {string} name
 * @param {number} count
 * @returns {Promise<string[]>} `count` lines spread evenly over the file, or none if it is not there
 */
async function readLines(name, count) {
  const file = join(root, '../shared/data', name);
  if (existsSync(file)) return spread((await readFile(file, 'utf8')).trimEnd().split('\n'), count);
  say(`SKIP what needs ${name}: it is not beside the repository`);
  return [];
}

/** @param {string} _key @param {unknown} value */
const fourDigits = (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value);

await main(async () => {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
  });
  const { platforms, dtypes, suites } = choose(values.only);

  await ensurePackages();
  await buildWasm();
  await step('Bundling the JavaScript', bundle);
  const model = await ensureModel();
  const others = suites.some((suite) => suite !== 'training');
  if (others) await ensurePeers();
  const exported = others ? await ensureExport(model) : '';
  const python = suites.includes('training') ? await ensureTorch() : undefined;
  const small = python ? await ensureSmallModel() : '';
  const texts = await readTexts(values.quick);
  const [converted, head] = suites.includes('start')
    ? [await ensureConverted(model), await ensureHead(model)]
    : ['', ''];
  const request = { model, small, exported, converted, head, texts, dtypes, suites, quick: values.quick, python };

  const load = loadavg()[0].toFixed(1);
  /** @type {Result[]} */
  const results = [];
  for (const platform of platforms) {
    if (platform === 'node24' && !(await ensureNode24())) say('SKIP Node 24: npm has no build of it for this machine');
    else results.push(await step(`Measuring in ${platform}`, () => measure[platform](request)));
  }

  const { dependencies } = JSON.parse(await readFile(join(here, 'package.json'), 'utf8'));
  const peers = { ...(others && dependencies), ...(python && (await torchVersions())) };
  const report = {
    date: new Date().toISOString().slice(0, 10),
    cpu: `${cpus()[0].model}, ${cpus().length} cores`,
    load,
    peers,
    results,
    sizes: others ? await measureSizes() : [],
  };
  printTables(report);
  if (!values.quick && !values.only) {
    const { format } = await import('prettier');
    await writeFile(join(here, 'results.json'), await format(JSON.stringify(report, fourDigits), { parser: 'json' }));
    const { drawChart } = await import('./chart.js');
    await writeFile(join(root, 'docs/benchmark.svg'), await drawChart(report));
  }
});
