// Tells addresses from contents.

/** The name of a value's class, also if it is the class of another realm, such as a frame's or a vm context's. @param {unknown} value */
export const className = (value) => Object.prototype.toString.call(value).slice('[object '.length, -1);

/**
 * Whether it is the address of a file, and not its content.
 * @param {unknown} content
 * @returns {content is string | URL}
 */
export const isAddress = (content) => typeof content === 'string' || className(content) === 'URL';
