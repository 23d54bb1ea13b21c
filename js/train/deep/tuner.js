// Trains the encoder of a model, or LoRA adapters beside it, along with a head: forward passes, backward passes and AdamW steps, in an
// instance of the core with the model's weights in it. What is trained, and in which batches, its user says.
import { STATUS } from '../../core/abi.js';
import { tensorsOf } from '../../core/tensors.js';
import { PIECE_BYTES, piecesOf, writePieces } from '../../engine/tensor-pieces.js';
import { startThreads } from '../../engine/threads.js';
import { BertletError } from '../../errors.js';
import { giveBackMemory, takeMemory } from '../dataset/memory.js';
import { startsOf } from '../dataset/starts.js';
import { MaskedHead } from './masked-head.js';
import { measure, writePlan } from './tuner-plan.js';

/** @typedef {import('../../core/compile.js').Compiled} Compiled */
/** @typedef {import('../../core/instance.js').Core} Core */
/** @typedef {import('../../engine/threads.js').Threads} Threads */

/** @typedef {import('./tuner-plan.js').Sizes} Sizes */
/** @typedef {import('./tuner-plan.js').TunerPlan} TunerPlan */

/**
 * A batch as the core wants it. `rows`: the tokens whose vectors the head reads, ascending; default: all. Of these alone the last layer is
 * computed.
 * @typedef {object} TunerBatch
 * @property {ArrayLike<number>} ids [tokens]
 * @property {ArrayLike<number>} [tokenTypeIds] [tokens], default 0
 * @property {number[]} starts [texts + 1] the first token of each text, then the number of tokens
 * @property {Float32Array} [hidden] [tokens][hiddenSize] what layer `begin` gets, where the embeddings are not computed here
 * @property {number[]} [rows]
 */

/**
 * Puts the derivative of a loss by each logit in the logits' place, and gives the loss.
 * @typedef {(core: Core, logits: number, rows: number, own: LossParameters) => number} Loss `logits`: address of [rows][outputs]
 */

/**
 * What a loss has to train of its own: addresses of its parameters and of their gradient, to which it adds `share` times the derivative of
 * what it gives.
 * @typedef {{ parameters: number, gradient: number, share: number }} LossParameters
 */

/**
 * A part of a step: a batch, and what is learnt of it.
 * @typedef {object} StepPart
 * @property {TunerBatch} batch
 * @property {Loss} [loss] of a head
 * @property {ArrayLike<number>} [labels] of a masked-LM head: the words in the places that the batch's `rows` name
 * @property {number} share of the step's loss that is the batch's mean loss, 1 in all
 */

/**
 * Of a step of AdamW. `maxNorm`: to which the gradient's L2 norm is cut down, default: never; `seed`: of dropout.
 * @typedef {{ learningRate: number, weightDecay: number, maxNorm?: number, seed: number }} StepOptions
 */

/** The names of a model's tensors, in the core's order. @param {import('../../engine/engine.js').Engine} engine @returns {string[]} */
export const tensorNames = ({ core, model }) => [...tensorsOf(core, model).keys()];

/**
 * All that training changes, as it was after some step: whoever goes on with it gets the same bits as if never interrupted. Of the same
 * model, with the same plan but for `maxTokens` and `keptLayers`.
 * @typedef {object} TunerState
 * @property {Float32Array} floats [3][numbers that are trained, the head's included]: themselves, then AdamW's moving averages
 * @property {number} steps that were taken
 */

export class Tuner {
  #core;
  #compiled;
  #plan;
  #threads;
  #at;
  #hiddenSize;
  #masked;
  #steps = 0;
  /** Why it can't go on. @type {BertletError | undefined} */
  #failure;

  /**
   * Copies the model's weights that it needs, and adds a head whose weights are 0. When it is no longer needed, `dispose` is to be called.
   * @param {import('../../engine/engine.js').Engine} engine
   * @param {Compiled} compiled a build that trains, see `compileTrainer`
   * @param {TunerPlan} plan
   * @returns {Promise<Tuner>} rejects with OUT_OF_MEMORY, and with what starting a thread rejects with
   */
  static async create(engine, compiled, plan) {
    /** @type {Sizes | undefined} */
    let sizes;
    const core = await takeMemory(
      compiled,
      (probe) => (sizes = measure(probe, compiled.threads, engine.config, plan)),
      'Close something, or train less: with a lower rank, or fewer layers.',
    );
    const onFailure = (/** @type {Error} */ { message }) => void tuner.#fail(message);
    const threads = compiled.threads > 1 ? await startThreads(core, compiled, onFailure) : undefined;
    const tuner = new Tuner(engine, compiled, core, plan, threads, /** @type {Sizes} */ (sizes));
    return tuner;
  }

  /**
   * @param {import('../../engine/engine.js').Engine} engine
   * @param {Compiled} compiled
   * @param {Core} core
   * @param {TunerPlan} plan
   * @param {Threads | undefined} threads
   * @param {Sizes} sizes
   */
  constructor(engine, compiled, core, plan, threads, sizes) {
    const { fn } = core;
    this.#core = core;
    this.#compiled = compiled;
    this.#plan = plan;
    this.#threads = threads;
    this.#hiddenSize = engine.config.hiddenSize;
    const blocks = { ...sizes, threads: 0, losses: 0 }; // `startThreads` has reserved the first, the last is scratch memory
    const entries = Object.entries(blocks).map(([name, size]) => [name, core.reserve(size)]);
    const at = /** @type {{ [name in keyof typeof blocks]: number }} */ (Object.fromEntries(entries));
    const given = writePlan(core, at.plan, engine.config, plan);
    const model = fn.model_init(at.model, given.config, threads?.pool ?? 0);
    if (plan.weights === 'int8') copyImage(engine, core, model);
    else copyTensors(engine, { core, model }, at.trainer, blocks.trainer);
    const { outputs, maxTokens, lossParameters = 0 } = plan;
    const head = outputs > 0 ? fn.mlp_init(at.head, this.#hiddenSize, 0, outputs, maxTokens, lossParameters) : 0;
    const trainer = fn.trainer_init(at.trainer, model, given.training, given.tuning, head);
    this.#at = { ...at, model, head, trainer };
    this.#masked = plan.maskedHead ? new MaskedHead(core, trainer, engine.config) : undefined;
  }

  /** The head's weight [outputs][hiddenSize], its bias [outputs], then the loss's parameters; a view to read and write. */
  get head() {
    const { fn } = this.#core;
    return this.#core.floats(fn.mlp_parameters(this.#at.head) >>> 0, fn.mlp_parameter_count(this.#at.head));
  }

  /** The masked-LM head, to read and write. */
  get masked() {
    if (!this.#masked) throw new Error('The plan has no masked-LM head');
    return this.#masked;
  }

  /** Addresses of the loss's parameters and their gradient. */
  get #lossAt() {
    const { fn } = this.#core;
    const { head } = this.#at;
    const offset = 4 * (fn.mlp_parameter_count(head) - (this.#plan.lossParameters ?? 0));
    return { parameters: (fn.mlp_parameters(head) >>> 0) + offset, gradient: (fn.mlp_gradient(head) >>> 0) + offset };
  }

  /** The loss's parameters, a copy. */
  get lossParameters() {
    return this.#core.floats(this.#lossAt.parameters, this.#plan.lossParameters ?? 0).slice();
  }

  /**
   * The adapter of a tensor [rows][columns], copies: a [rank][columns] and b [rows][rank].
   * @param {number} tensor
   */
  readAdapter(tensor) {
    const { a, b, aAt, bAt } = this.#adapterPlaces(tensor);
    this.#core.fn.trainer_read_adapter(this.#at.trainer, tensor, aAt, bAt);
    return { a: this.#core.floats(aAt, a).slice(), b: this.#core.floats(bAt, b).slice() };
  }

  /**
   * @param {number} tensor
   * @param {{ a: Float32Array, b: Float32Array }} values
   */
  writeAdapter(tensor, values) {
    const { a, b, aAt, bAt } = this.#adapterPlaces(tensor);
    this.#core.floats(aAt, a).set(values.a);
    this.#core.floats(bAt, b).set(values.b);
    this.#core.fn.trainer_write_adapter(this.#at.trainer, tensor, aAt, bAt);
  }

  /**
   * The numbers of a tensor as they are now.
   * @param {number} tensor one that is trained
   */
  piecesOf(tensor) {
    const { model, features } = this.#at; // whose memory is free between two steps
    return piecesOf({ core: this.#core, model }, tensor, () => features, 4 * this.#plan.maxTokens * this.#hiddenSize);
  }

  /** @param {number} tensor */
  #adapterPlaces(tensor) {
    const { fn } = this.#core;
    const { rank = 0 } = this.#plan;
    const { model, adapter } = this.#at;
    const a = rank * fn.tensor_columns(model, tensor);
    const b = rank * fn.tensor_rows(model, tensor);
    return { a, b, aAt: adapter, bAt: adapter + 4 * a };
  }

  /** How many numbers are trained, the head's included. */
  get size() {
    return this.#core.fn.trainer_floats(this.#at.trainer);
  }

  /** @returns {TunerState} a copy */
  readState() {
    return { floats: this.#readFloats(3 * this.size), steps: this.#steps };
  }

  /** @param {TunerState} state */
  writeState({ floats, steps }) {
    if (floats.length !== 3 * this.size) throw new Error('The state is of another plan');
    this.#writeFloats(floats);
    this.#core.fn.trainer_set_steps(this.#at.trainer, steps);
    this.#steps = steps;
  }

  /**
   * Begins anew, with AdamW's averages of 0.
   * @param {Float32Array} values of `readValues`
   */
  restart(values) {
    const floats = new Float32Array(3 * this.size);
    floats.set(values);
    this.writeState({ floats, steps: 0 });
  }

  /** All numbers that are trained, a copy; AdamW's averages are not among them. */
  readValues() {
    return this.#readFloats(this.size);
  }

  /** @param {Float32Array} values of `readValues` */
  writeValues(values) {
    this.#writeFloats(values);
  }

  /** @param {number} count of the state's numbers, from the first on */
  #readFloats(count) {
    const floats = new Float32Array(count);
    this.#passState(floats, (begin, piece, at) => {
      this.#core.fn.trainer_read_state(this.#at.trainer, begin, piece.length, at);
      piece.set(this.#core.floats(at, piece.length));
    });
    return floats;
  }

  /** @param {Float32Array} floats the state's numbers, from the first on */
  #writeFloats(floats) {
    this.#passState(floats, (begin, piece, at) => {
      this.#core.floats(at, piece.length).set(piece);
      this.#core.fn.trainer_write_state(this.#at.trainer, begin, piece.length, at);
    });
  }

  /**
   * Calls `pass` for pieces of a state.
   * @param {Float32Array} floats
   * @param {(begin: number, piece: Float32Array, address: number) => void} pass `address` of room for the piece
   */
  #passState(floats, pass) {
    const most = this.#plan.maxTokens * this.#hiddenSize; // as many as there are features, whose memory is free between two steps
    for (let begin = 0; begin < floats.length; begin += most)
      pass(begin, floats.subarray(begin, begin + most), this.#at.features);
  }

  /**
   * Logits of a batch, as in inference: without dropout. Throws BAD_WEIGHTS if the encoder computes NaN or infinity, WORKER_FAILED.
   * @param {TunerBatch} batch
   * @returns {Float32Array} [rows][outputs], a copy
   */
  logits(batch) {
    if (batch.rows?.length === 0) return new Float32Array(0);
    return this.#guard(() => {
      const rows = this.#forward(batch, 0, 0);
      return this.#core.floats(this.#at.logits, rows * this.#plan.outputs).slice();
    });
  }

  /**
   * Pooled vectors of a batch's texts, as in inference. Of a plan that pools. Throws as `logits`.
   * @param {TunerBatch} batch
   * @returns {Float32Array} [texts][hiddenSize], a copy
   */
  features(batch) {
    return this.#guard(() => {
      this.#encode(batch, 0, 0);
      return this.#featuresOf(batch).slice();
    });
  }

  /** What was encoded last, a view. @param {TunerBatch} batch */
  #featuresOf({ starts }) {
    const address = this.#core.fn.trainer_features(this.#at.trainer) >>> 0;
    return this.#core.floats(address, (starts.length - 1) * this.#hiddenSize);
  }

  /**
   * How well masked words are found, without dropout. Throws as `logits`.
   * @param {TunerBatch & { rows: number[] }} batch
   * @param {ArrayLike<number>} labels [rows]
   * @returns {{ loss: number, right: number }} the mean loss; in how many places the true word was the most likely one
   */
  measureMasked(batch, labels) {
    return this.#guard(() => {
      this.#encode(batch, 0, 0);
      const { loss, right } = this.masked.loss(labels, 1, 0);
      if (!(loss >= 0)) throw notFinite('The loss of held-out texts is not finite.');
      return { loss, right };
    });
  }

  /**
   * One step of AdamW on batches whose gradients add up. Rejects with BAD_WEIGHTS if a loss or gradient is not finite, and with what `pause`
   * rejects with, and then has changed nothing; with WORKER_FAILED if WebAssembly or a thread fails, and then at each later call.
   * @param {StepPart[]} parts
   * @param {StepOptions} options
   * @param {() => Promise<void>} [pause] awaited between two batches
   * @returns {Promise<{ loss: number, norm: number }>} the step's loss, and the L2 norm of its gradient
   */
  step(parts, options, pause = async () => {}) {
    return this.#update(options, async (key, when) => {
      let total = 0;
      let firstToken = 0;
      for (const part of parts) {
        const { batch, share } = part;
        if (firstToken > 0) await pause();
        total += this.#guard(() => share * this.#passes(part, key, firstToken, when));
        firstToken += tokensOf(batch);
      }
      return total;
    });
  }

  /**
   * One step of AdamW on a loss of the vectors of all its texts together, which may not fit into one batch: then all batches run forward,
   * and again, each before its backward pass (gradient caching, Gao et al. 2021, https://arxiv.org/abs/2101.06983); all but the last,
   * which is still there. Of a plan that pools, without a head. Rejects as `step`.
   * @param {TunerBatch[]} batches
   * @param {(vectors: Float32Array) => import('./contrastive-loss.js').VectorLoss} lossOf gets the features of the batches' texts,
   *   [texts][hiddenSize]
   * @param {StepOptions} options
   * @param {() => Promise<void>} [pause] awaited between two batches
   * @returns {Promise<{ loss: number, norm: number }>} as `step`
   */
  stepTogether(batches, lossOf, options, pause = async () => {}) {
    return this.#update(options, async (key, when) => {
      const core = this.#core;
      const at = this.#at;
      /** What comes before each batch. */
      const tokens = startsOf(batches.map(tokensOf));
      const numbers = startsOf(batches.map(({ starts }) => (starts.length - 1) * this.#hiddenSize));
      const last = batches.length - 1;
      const vectors = new Float32Array(numbers[batches.length]);
      for (const [i, batch] of batches.entries()) {
        if (i > 0) await pause();
        this.#guard(() => {
          this.#encode(batch, key, tokens[i], when);
          vectors.set(this.#featuresOf(batch), numbers[i]);
        });
      }
      const { loss, gradient } = lossOf(vectors);
      checkLoss(loss, when);
      for (let i = last; i >= 0; i--) {
        if (i < last) await pause();
        this.#guard(() => {
          if (i < last) this.#encode(batches[i], key, tokens[i], when);
          core.floats(at.features, numbers[i + 1] - numbers[i]).set(gradient.subarray(numbers[i], numbers[i + 1]));
          core.fn.trainer_backward(at.trainer, at.features);
        });
      }
      return loss;
    });
  }

  /**
   * @param {StepOptions} options
   * @param {(key: number, when: string) => Promise<number>} passes computes the gradients, and gives the loss; `key`: of dropout; `when`: for
   *   messages
   * @returns {Promise<{ loss: number, norm: number }>}
   */
  async #update({ learningRate, weightDecay, maxNorm = 0, seed }, passes) {
    const { fn } = this.#core;
    const number = this.#steps + 1;
    let loss;
    try {
      loss = await passes(stepKey(seed, number), `Step ${number}: `);
    } catch (error) {
      if (!this.#failure) fn.trainer_discard(this.#at.trainer);
      throw error;
    }
    const norm = this.#guard(() => fn.trainer_step(this.#at.trainer, learningRate, weightDecay, maxNorm));
    if (norm < 0) throw notFinite(`Step ${number}: the gradient is not finite.`);
    this.#steps = number;
    return { loss, norm };
  }

  /**
   * Does something in the core, unless it has failed. Throws WORKER_FAILED if it does, or has.
   * @template T
   * @param {() => T} work
   * @returns {T}
   */
  #guard(work) {
    if (this.#failure) throw this.#failure;
    try {
      return work();
    } catch (error) {
      // After a trap nobody knows what this memory holds; the model's own is another.
      throw error instanceof WebAssembly.RuntimeError ? this.#fail(`a trap in WebAssembly: ${error.message}`) : error;
    }
  }

  /** @param {string} reason @returns {BertletError} what later calls throw */
  #fail(reason) {
    this.#failure ??= new BertletError(
      'WORKER_FAILED',
      `Training failed (${reason}). The model is as it was before. Please report it.`,
    );
    return this.#failure;
  }

  /**
   * Both passes of a part of a step, after which the gradients have it. Throws BAD_WEIGHTS if its loss is not finite.
   * @param {StepPart} part
   * @param {number} key of dropout
   * @param {number} firstToken how many tokens the step's earlier batches had
   * @param {string} when for messages
   * @returns {number} its mean loss
   */
  #passes({ batch, loss, labels, share }, key, firstToken, when) {
    const core = this.#core;
    const at = this.#at;
    if (loss) {
      const rows = this.#forward(batch, key, firstToken, when);
      const value = checkLoss(loss(core, at.logits, rows, { ...this.#lossAt, share }), when);
      this.#headBackward(rows, share);
      core.fn.trainer_backward(at.trainer, at.features);
      return value;
    }
    if (!batch.rows || !labels) throw new Error('The part of a step has no loss');
    this.#encode(batch, key, firstToken, when);
    const value = checkLoss(this.masked.loss(labels, share, at.features).loss, when);
    core.fn.trainer_backward(at.trainer, at.features);
    return value;
  }

  /**
   * @param {TunerBatch} batch whose features are computed
   * @param {number} key of dropout; 0: none
   * @param {number} firstToken how many tokens the step's earlier batches had
   * @param {string} [when] for messages
   */
  #encode({ ids, tokenTypeIds, starts, hidden, rows }, key, firstToken, when = '') {
    const core = this.#core;
    const { fn } = core;
    const at = this.#at;
    const texts = starts.length - 1;
    core.ints(at.starts, starts.length).set(starts);
    if (hidden) core.floats(at.hidden, hidden.length).set(hidden);
    else core.ints(at.ids, ids.length).set(ids);
    if (tokenTypeIds) core.ints(at.tokenTypeIds, ids.length).set(tokenTypeIds);
    if (rows) core.ints(at.rows, rows.length).set(rows);
    const types = tokenTypeIds ? at.tokenTypeIds : 0;
    const given = hidden ? at.hidden : 0;
    const status = fn.trainer_forward(
      at.trainer,
      hidden ? 0 : at.ids,
      types,
      at.starts,
      texts,
      given,
      rows ? at.rows : 0,
      rows?.length ?? 0,
      key | 0,
      firstToken,
    );
    if (status === STATUS.ERROR_NUMERIC) throw notFinite(`${when}the encoder computed NaN or infinity.`);
    if (status !== STATUS.OK) throw new Error(`bertlet_trainer_forward: ${status}`);
  }

  /**
   * @param {TunerBatch} batch
   * @param {number} key of dropout; 0: none
   * @param {number} firstToken how many tokens the step's earlier batches had
   * @param {string} [when] for messages
   * @returns {number} how many rows of logits there are
   */
  #forward(batch, key, firstToken, when = '') {
    this.#encode(batch, key, firstToken, when);
    const core = this.#core;
    const { fn } = core;
    const at = this.#at;
    const { starts, rows } = batch;
    const texts = starts.length - 1;
    const count = rows?.length ?? (this.#plan.pooling === 'none' ? starts[texts] : texts);
    fn.mlp_forward(at.head, fn.trainer_features(at.trainer), 0, count, at.logits);
    fn.mlp_run(at.head, Infinity);
    return count;
  }

  /**
   * From the derivative by a head's logits, in their place, to that by the features, and to the head's gradient.
   * @param {number} count rows of logits
   * @param {number} share by which they are multiplied first
   */
  #headBackward(count, share) {
    const core = this.#core;
    const { fn } = core;
    const at = this.#at;
    if (share !== 1) {
      const logits = core.floats(at.logits, count * this.#plan.outputs);
      for (let i = 0; i < logits.length; i++) logits[i] *= share;
    }
    fn.mlp_backward_inputs(at.head, at.logits, at.features);
    fn.mlp_backward(at.head, at.logits);
    fn.mlp_run(at.head, Infinity);
  }

  /** Bytes of WebAssembly memory, the copy of the model's weights included. */
  get memoryBytes() {
    return this.#core.memory.buffer.byteLength;
  }

  /** Ends the threads, and frees the memory. */
  dispose() {
    if (this.#threads) this.#threads.stop();
    else if (!this.#failure) giveBackMemory(this.#compiled, this.#core);
  }
}

/**
 * Copies an int8 model bit for bit.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {Core} core
 * @param {number} model
 */
function copyImage(engine, core, model) {
  const { fn } = core;
  core.bytes(fn.model_image(model) >>> 0, fn.model_image_bytes(model) >>> 0).set(engine.seal());
  if (fn.model_restore(model) !== STATUS.OK) throw new Error('The weights are not those of the model');
}

/**
 * Copies the numbers of all tensors that are as large as the model's; of the others, word embeddings that nobody reads, there is one row.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {import('../../engine/tensor-pieces.js').CoreModel} to in f32
 * @param {number} address of memory to pass pieces through
 * @param {number} bytes of it
 */
function copyTensors(engine, to, address, bytes) {
  const { fn } = to.core;
  for (let tensor = 0; tensor < fn.tensor_count(to.model); tensor++) {
    const isWhole = fn.tensor_rows(to.model, tensor) === engine.core.fn.tensor_rows(engine.model, tensor);
    const pieces = isWhole
      ? piecesOf(engine, tensor, undefined, Math.min(PIECE_BYTES, bytes))
      : [{ values: new Float32Array(fn.tensor_columns(to.model, tensor)) }];
    writePieces(to, tensor, pieces, () => address);
  }
}

/** @param {string} what happened, a sentence */
const notFinite = (what) => new BertletError('BAD_WEIGHTS', `${what} A smaller learningRate may help.`);

/**
 * Throws BAD_WEIGHTS if a loss is not finite.
 * @param {number} loss not negative
 * @param {string} when for the message
 */
function checkLoss(loss, when) {
  if (!Number.isFinite(loss) || loss < 0) throw notFinite(`${when}the loss is not finite.`);
  return loss;
}

/** @param {TunerBatch} batch */
const tokensOf = ({ starts }) => starts[starts.length - 1];

/**
 * A number that is not 0, and another one for each step.
 * @param {number} seed
 * @param {number} step
 */
const stepKey = (seed, step) => (Math.imul(seed + 1, 0x9e3779b1) ^ step) >>> 0 || 1;
