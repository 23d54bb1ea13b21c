// Writes a head's adapter with what of the model was trained beside it. Only who saves one fetches this file.
import { isInModule } from '../checkpoint/saved-modules.js';
import { writeAdapterFolder } from '../checkpoint/adapter-writer.js';
import { tensorsOf } from '../core/tensors.js';
import { piecesOf } from '../engine/tensor-pieces.js';
import { BertletError } from '../errors.js';

/**
 * The files of a head's adapter. Throws HEAD_MODEL_MISMATCH if modules were trained with it and the model has others now; BAD_INPUT if the
 * model under it is nowhere to be found, since it has been trained; and as `writeAdapterFolder`.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {import('../checkpoint/head-file.js').HeadData} data
 * @param {string} [modelName] of the base model, where Python finds it
 */
export function saveAdapter(engine, data, modelName) {
  const { config, core, model, fingerprint } = engine;
  const modules = data.report?.lora?.modulesToSave ?? [];
  if (modules.length > 0 && fingerprint !== data.fingerprint)
    throw new BertletError(
      'HEAD_MODEL_MISMATCH',
      'The model has been trained since, so the modules that belong to this adapter are gone. Save an adapter before the next training.',
    );
  const tensors = [...tensorsOf(core, model)].filter(([name]) =>
    modules.some((module) => isInModule(name, config.family, module)),
  );
  if (modelName === undefined && engine.trained && !fitsLoadedModel(engine.trained, data, tensors))
    throw new BertletError(
      'BAD_INPUT',
      'The model has been trained since it was loaded, so this adapter does not fit the one that was loaded. Write the model with ' +
        'model.save() into a folder, and give saveAdapter that folder as baseModel.',
    );
  const saved = tensors.map(([name, { index, shape }]) => {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
    let at = 0;
    for (const piece of piecesOf(engine, index)) {
      values.set(piece.values, at);
      at += piece.values.length;
    }
    return { name, shape, values };
  });
  return writeAdapterFolder(data, { ...config, sentencePipeline: engine.extras.sentencePipeline, modelName, saved });
}

/**
 * Whether a head belongs to the weights that the model was loaded with, but for the tensors that are saved along with it.
 * @param {NonNullable<import('../engine/engine.js').Engine['trained']>} trained
 * @param {import('../checkpoint/head-file.js').HeadData} data
 * @param {[name: string, tensor: { index: number }][]} saved
 */
function fitsLoadedModel(trained, { fingerprint }, saved) {
  if (fingerprint === trained.fingerprint) return true;
  return saved.length > 0 && [...trained.tensors].every((tensor) => saved.some(([, { index }]) => index === tensor));
}
