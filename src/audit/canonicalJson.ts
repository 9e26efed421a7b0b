/**
 * JSON in the one form of RFC 8785 (JCS): keys sorted by their UTF-16 code units, no spaces, properties
 * that are undefined left out. Whoever holds the same content gets the same bytes.
 *
 * @param value JSON as JavaScript holds it: no bigints, and no numbers past 2^53 that matter
 * @throws {TypeError} if something in the value is not JSON
 * @see https://www.rfc-editor.org/rfc/rfc8785
 *
 * @example
 * canonicalJson({ b: 1, a: undefined, at: [true] }); // {"at":[true],"b":1}
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  const isJson =
    value === null ||
    typeof value === "string" ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value));
  if (!isJson) throw new TypeError(`A ${typeof value} is not JSON`);
  return JSON.stringify(value);
}
