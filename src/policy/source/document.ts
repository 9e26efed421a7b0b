import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { PolicyProblem } from "../../errors/policy.ts";

/**
 * A policy as written: text at every leaf. YAML's own guesses (numbers, booleans, hexadecimal) are
 * not used: 0x addresses and 18 decimals do not survive a double.
 */
export type SourceTree = string | SourceTree[] | { [key: string]: SourceTree };
export type SourcePath = readonly (string | number)[];
export interface Position {
  line: number;
  column: number;
}

/** A policy's source and where each of its parts stands. */
export interface SourceDocument {
  /** undefined if the text is not YAML. */
  tree: SourceTree | undefined;
  problems: PolicyProblem[];
  /** The position of a key or value, or of its nearest ancestor; undefined for an object. */
  locate(path: SourcePath, part?: "key" | "value"): Position | undefined;
}

const MAX_LENGTH = 1_000_000;
const MAX_DEPTH = 16;

/** Whether a part of the source is a mapping. */
export function isMapping(tree: SourceTree | undefined): tree is { [key: string]: SourceTree } {
  return typeof tree === "object" && !Array.isArray(tree);
}

function keyProblem(key: string): string | undefined {
  if (key === "") return "a key is empty";
  if (key === "__proto__") return "the key __proto__ is not allowed";
  return undefined;
}

/**
 * Reads a policy's text.
 *
 * Anchors, aliases, tags and more than one document are refused: what a reader sees is what compiles.
 */
export function readYaml(source: string): SourceDocument {
  const lines = new LineCounter();
  const offsets = new Map<string, number>();
  const problems: PolicyProblem[] = [];
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const locate = (path: SourcePath, part: "key" | "value" = "value"): Position | undefined => {
    for (let length = path.length; length >= 0; length--) {
      const id = JSON.stringify(path.slice(0, length));
      const offset =
        length === path.length && part === "key"
          ? (offsets.get(`key ${id}`) ?? offsets.get(id))
          : offsets.get(id);
      if (offset !== undefined) return positionAt(offset);
    }
    return { line: 1, column: 1 };
  };
  const add = (path: SourcePath, message: string, offset = 0) => {
    problems.push({ path, message, ...positionAt(offset) });
  };
  const failed = () => ({ tree: undefined, problems, locate });

  if (source.length > MAX_LENGTH) {
    add([], `the policy is longer than ${MAX_LENGTH} characters`);
    return failed();
  }
  let document: ReturnType<typeof parseDocument>;
  try {
    document = parseDocument(source, {
      schema: "failsafe",
      lineCounter: lines,
      prettyErrors: false,
    });
  } catch (cause) {
    add([], `the text is not YAML: ${cause instanceof Error ? cause.message : cause}`);
    return failed();
  }
  for (const { message, pos } of [...document.errors, ...document.warnings]) {
    add([], `the text is not YAML: ${message}`, pos[0]);
  }
  if (problems.length > 0) return failed();

  const walk = (node: unknown, path: SourcePath): SourceTree => {
    const offset = (node as { range?: [number, number, number] } | null)?.range?.[0];
    if (offset !== undefined) offsets.set(JSON.stringify(path), offset);
    if (path.length > MAX_DEPTH) {
      add(path, `nested deeper than ${MAX_DEPTH} levels`, offset);
      return "";
    }
    if (isAlias(node) || (node as { anchor?: string } | null)?.anchor) {
      add(path, "anchors and aliases are not supported: write the value out", offset);
      return "";
    }
    if (isSeq(node)) return node.items.map((item, index) => walk(item, [...path, index]));
    if (isMap(node)) {
      const mapping: { [key: string]: SourceTree } = Object.create(null);
      for (const { key, value } of node.items) {
        const keyOffset = (key as { range?: [number, number, number] } | null)?.range?.[0];
        if (!isScalar(key)) {
          add(path, "a key has to be plain text", keyOffset ?? offset);
          continue;
        }
        const name = String(key.value ?? "");
        const wrong = keyProblem(name);
        if (wrong) {
          add(path, wrong, keyOffset ?? offset);
          continue;
        }
        if (keyOffset !== undefined) {
          offsets.set(`key ${JSON.stringify([...path, name])}`, keyOffset);
          offsets.set(JSON.stringify([...path, name]), keyOffset);
        }
        mapping[name] = walk(value, [...path, name]);
      }
      return mapping;
    }
    return isScalar(node) ? String(node.value ?? "") : "";
  };
  const tree = walk(document.contents, []);
  return { tree: problems.length > 0 ? undefined : tree, problems, locate };
}

/** Reads a policy that a program wrote: numbers, bigints, booleans and dates become text. */
export function readObject(source: object): SourceDocument {
  const problems: PolicyProblem[] = [];
  const add = (path: SourcePath, message: string, received?: string) => {
    problems.push({ path, message, received });
    return "";
  };
  const walk = (value: unknown, path: SourcePath): SourceTree => {
    if (path.length > MAX_DEPTH) return add(path, `nested deeper than ${MAX_DEPTH} levels`);
    switch (typeof value) {
      case "string":
        return value;
      case "bigint":
      case "boolean":
        return String(value);
      case "number":
        if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
          return add(
            path,
            "a number this large is not exact: write it as text or bigint",
            `${value}`,
          );
        }
        return String(value);
      case "object": {
        if (value === null) return "";
        if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
        if (value instanceof Date) {
          return Number.isNaN(value.getTime())
            ? add(path, "an invalid date")
            : value.toISOString().replace(".000Z", "Z");
        }
        const mapping: { [key: string]: SourceTree } = Object.create(null);
        for (const [key, item] of Object.entries(value)) {
          const wrong = keyProblem(key);
          if (wrong) add(path, wrong);
          else if (item !== undefined) mapping[key] = walk(item, [...path, key]);
        }
        return mapping;
      }
      default:
        return add(path, "a policy holds text, numbers, lists and mappings", typeof value);
    }
  };
  const tree = walk(source, []);
  return { tree: problems.length > 0 ? undefined : tree, problems, locate: () => undefined };
}
