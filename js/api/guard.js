// What a public method fails with.
import { BertletError } from '../errors.js';

/**
 * The same function; where it fails in a way that nobody foresaw, its arguments are looked at.
 * @template {(...args: any[]) => Promise<any>} F
 * @param {F} call
 * @returns {F}
 */
export const guarded = (call) =>
  /** @type {F} */ (
    async function (/** @type {any[]} */ ...args) {
      try {
        // @ts-expect-error it is a method, whose `this` is untyped
        return await call.apply(this, args);
      } catch (error) {
        if ((error instanceof BertletError && error.code !== 'INTERNAL') || isReason(args, error)) throw error;
        throw await import('./arguments.js').then(
          ({ explain }) => explain(args, error),
          () => error,
        );
      }
    }
  );

/**
 * Whether the call was aborted, with this reason.
 * @param {any[]} args
 * @param {unknown} error
 */
function isReason(args, error) {
  try {
    return args.some((options) => options?.signal?.reason === error);
  } catch {
    return false; // a getter throws
  }
}

/** Guards all methods of a class; they return promises. @param {{ prototype: any }} of */
export function guard({ prototype }) {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
    if (value && name !== 'constructor') prototype[name] = guarded(value);
}
