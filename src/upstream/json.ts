// Bytes to JSON, as providers send them: with a byte order mark or without.

const BYTE_ORDER_MARK = 0xfeff;

/** @throws SyntaxError where it is no JSON. */
export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString();
  return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
}
