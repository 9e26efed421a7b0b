import { BaseError } from "../errors/base.ts";

const TAG = "$bigint";

/**
 * JSON that keeps bigints: `5n` is written as `{"$bigint":"5"}`.
 *
 * @throws {BaseError} if an object of the value has a `$bigint` property of its own
 */
export function stringifyWithBigints(value: unknown): string {
  return JSON.stringify(value, (_, entry) => {
    if (typeof entry === "bigint") return { [TAG]: entry.toString() };
    if (entry !== null && typeof entry === "object" && Object.hasOwn(entry, TAG)) {
      throw new BaseError(`The property name ${TAG} is reserved`);
    }
    return entry;
  });
}

/**
 * Reads what `stringifyWithBigints` wrote.
 *
 * @throws {SyntaxError} if the text is not JSON, or a tagged value is not an integer
 */
export function parseWithBigints(text: string): unknown {
  return JSON.parse(text, (_, entry) => (isTagged(entry) ? BigInt(entry[TAG]) : entry));
}

function isTagged(entry: unknown): entry is { [TAG]: string } {
  return (
    entry !== null &&
    typeof entry === "object" &&
    Object.keys(entry).length === 1 &&
    typeof (entry as Record<string, unknown>)[TAG] === "string"
  );
}
