// A trained head as one file: safetensors, with everything that is not a tensor as JSON in its metadata.
import { BertletError } from './errors.js';
import { parseSafetensors } from './safetensors.js';

const VERSION = 1;

/**
 * @typedef {object} HeadData
 * @property {'text-classification'} task
 * @property {string[]} labels [classes]
 * @property {import('./network.js').HeadNetwork} network
 * @property {string} baseModel what the base model was loaded from
 * @property {string} fingerprint of the base model
 * @property {import('./types.js').FitReport} report
 */

/**
 * @param {HeadData} head
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function writeHead({ network, task, labels, baseModel, fingerprint, report }) {
  const { layer, pooling, normalize, dense } = network;
  const [{ weight, bias }] = dense;
  const classes = bias.length;
  const metadata = { version: VERSION, task, labels, layer, pooling, normalize, baseModel, fingerprint, report };
  const header = {
    __metadata__: { format: 'pt', bertlet: JSON.stringify(metadata) },
    'linear.weight': tensor([classes, weight.length / classes], 0),
    'linear.bias': tensor([classes], weight.byteLength),
  };
  // Spaces after the JSON bring the tensors to a multiple of 8, as the format wants it.
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + weight.byteLength + bias.byteLength).fill(0x20, 8, 8 + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  bytes.set(json, 8);
  [...weight, ...bias].forEach((value, i) => view.setFloat32(8 + length + 4 * i, value, true));
  return bytes;
}

/**
 * @param {number[]} shape
 * @param {number} begin
 */
const tensor = (shape, begin) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, begin + 4 * shape.reduce((product, n) => product * n)],
});

/** @param {string} what */
const bad = (what) =>
  new BertletError('BAD_HEAD', `This is not a head that bertlet saved: ${what}. Use what head.save() gave.`);

/**
 * @param {Uint8Array} bytes
 * @returns {HeadData}
 */
export function readHead(bytes) {
  const { header, read } = parse(bytes);
  let json;
  try {
    json = JSON.parse(header.metadata.bertlet);
  } catch {
    throw bad('its metadata lack a "bertlet" entry');
  }
  if (json?.version !== VERSION) {
    throw new BertletError(
      'BAD_HEAD',
      `This head has version ${json?.version} of the format; this bertlet reads version ${VERSION}.`,
    );
  }
  const { task, labels, layer, pooling, normalize, baseModel, fingerprint, report } = json;
  if (task !== 'text-classification') throw bad(`its task is "${task}"`);
  if (!Array.isArray(labels) || labels.length < 2 || labels.some((label) => typeof label !== 'string'))
    throw bad('it has no labels');
  if (!['mean', 'cls', 'max'].includes(pooling) || typeof normalize !== 'boolean' || !Number.isInteger(layer))
    throw bad('it does not say what it reads');
  if (typeof baseModel !== 'string' || typeof fingerprint !== 'string') throw bad('it does not name its base model');

  const weight = read('linear.weight');
  const bias = read('linear.bias');
  const [classes, features] = weight.shape;
  if (
    weight.shape.length !== 2 ||
    String(bias.shape) !== String(labels.length) ||
    classes !== labels.length ||
    features < 1
  ) {
    throw bad(`${labels.length} labels don't go with tensors of shapes [${weight.shape}] and [${bias.shape}]`);
  }
  /** @type {import('./network.js').Dense[]} */
  const dense = [{ weight: weight.values, bias: bias.values, activation: 'none' }];
  return { task, labels, network: { layer, pooling, normalize, dense }, baseModel, fingerprint, report };
}

/** @param {Uint8Array} bytes */
function parse(bytes) {
  let header;
  try {
    header = parseSafetensors(bytes, 'The head');
  } catch (error) {
    throw new BertletError('BAD_HEAD', /** @type {Error} */ (error).message, { cause: error });
  }
  const data = bytes.subarray(header.dataStart);
  /** @param {string} name */
  const read = (name) => {
    const found = header.tensors.find((one) => one.name === name);
    if (found?.dtype !== 'F32') throw bad(`it has no tensor ${name} of type F32`);
    const view = new DataView(data.buffer, data.byteOffset + found.begin, found.end - found.begin);
    const values = Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
    if (!values.every(Number.isFinite)) throw bad(`tensor ${name} holds NaN or infinity`);
    return { shape: found.shape, values };
  };
  return { header, read };
}
