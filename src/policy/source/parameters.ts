import { type Hex, isHex, size, stringToHex } from "viem";
import { type AbiNode, type Call, everyNode, nodeOf } from "./call.ts";
import { isMapping, type SourcePath, type SourceTree } from "./document.ts";
import type { Shape } from "./layout.ts";
import type { Problems } from "./problems.ts";
import { describe, type RuleSource } from "./schema.ts";

/** What a rule's `where` and `free` say about the parameters of its call. */
export interface ParameterUses {
  /** Text to be read as a constraint, by the path of a static parameter. */
  constraints: Map<string, { text: string; path: SourcePath }>;
  free: Set<string>;
  /** By the path of a dynamic parameter. */
  shapes: Map<string, Shape>;
}

const MAX_LIST = 256;
const MAX_BYTES = 8_192;

/** Finds a parameter by its path, or by its name alone if only one has it. */
export function findParameter(
  call: Call,
  text: string,
  path: SourcePath,
  problems: Problems,
  part?: "key",
): AbiNode | undefined {
  const nodes = everyNode(call.parameters);
  const exact = nodes.find((node) => node.path === text);
  if (exact) return exact;
  const named = nodes.filter((node) => node.name === text);
  if (named.length === 1) return named[0];
  const pointing = part ? { part } : {};
  if (named.length > 1) {
    const expected = `one of ${named.map((node) => node.path).join(", ")}`;
    return problems.add(path, `${text} names ${named.length} parameters of ${call.name}`, {
      expected,
      ...pointing,
    });
  }
  const known = [...new Set(nodes.flatMap((node) => [node.name, node.path]))];
  const leaves = nodes.filter((node) => node.children.length === 0).map((node) => node.path);
  return problems.add(path, `${call.name} has no parameter ${text}`, {
    expected: leaves.length > 0 ? leaves.join(", ") : "no parameter: the call has none",
    name: text,
    known,
    ...pointing,
  });
}

function bytesShape(node: AbiNode, text: string): Shape | undefined {
  const free = /^any (\d{1,5}) bytes$/.exec(text);
  if (free) {
    const length = Number(free[1]);
    return length <= MAX_BYTES ? { length } : undefined;
  }
  if (node.type === "string") {
    const content = stringToHex(text);
    return { length: size(content), content };
  }
  return isHex(text) && text.length % 2 === 0
    ? { length: size(text), content: text as Hex }
    : undefined;
}

/** Reads `where` and `free`, resolving names, tuples and arrays down to single words. */
export function readParameters(
  call: Call,
  rule: RuleSource,
  path: SourcePath,
  problems: Problems,
): ParameterUses {
  const uses: ParameterUses = { constraints: new Map(), free: new Set(), shapes: new Map() };
  const { constraints, free, shapes } = uses;

  const leave = (node: AbiNode, at: SourcePath): void => {
    const leaves = everyNode([node]).filter(
      ({ kind }) => kind !== "tuple" && kind !== "fixedArray",
    );
    for (const leaf of leaves) {
      if (leaf.dynamic && !shapes.has(leaf.path)) {
        const expected =
          leaf.kind === "bytes"
            ? `its content, or "any <n> bytes", under where`
            : "its elements, as a list under where";
        const message = `${leaf.path} is dynamic (${leaf.type}): it cannot be left free`;
        problems.add(at, message, { expected });
      } else if (constraints.has(leaf.path) || free.has(leaf.path)) {
        problems.add(at, `${leaf.path} is named twice under where and free`);
      } else if (leaf.kind === "word") {
        free.add(leaf.path);
      }
    }
  };

  const assign = (node: AbiNode, value: SourceTree, at: SourcePath): void => {
    const received = describe(value);
    if (typeof value === "string" && value.trim() === "any") {
      leave(node, at);
      return;
    }
    switch (node.kind) {
      case "word": {
        if (typeof value !== "string" || value.trim() === "") {
          problems.add(at, `${node.path} takes one value`, {
            expected: `a value of ${node.type}`,
            received,
          });
        } else if (constraints.has(node.path) || free.has(node.path)) {
          problems.add(at, `${node.path} is named twice under where and free`);
        } else {
          constraints.set(node.path, { text: value.trim(), path: at });
        }
        return;
      }
      case "bytes": {
        const shape = typeof value === "string" ? bytesShape(node, value) : undefined;
        const expected = node.type === "string" ? "text" : `hexadecimal bytes, or "any <n> bytes"`;
        if (shape) shapes.set(node.path, shape);
        else problems.add(at, `${node.path} cannot be read`, { expected, received });
        return;
      }
      case "tuple": {
        if (!isMapping(value)) {
          problems.add(at, `${node.path} is a tuple`, {
            expected: "a mapping of its parts",
            received,
          });
          return;
        }
        for (const [name, part] of Object.entries(value)) {
          const child = node.children.find((candidate) => candidate.name === name);
          const known = node.children.map((candidate) => candidate.name);
          if (child) assign(child, part, [...at, name]);
          else {
            const message = `${node.path} has no part ${name}`;
            problems.add([...at, name], message, {
              expected: known.join(", "),
              name,
              known,
              part: "key",
            });
          }
        }
        return;
      }
      case "list":
      case "fixedArray": {
        const expected =
          node.kind === "list"
            ? `a list of at most ${MAX_LIST} values`
            : `a list of ${node.children.length} values`;
        const fits = (items: SourceTree[]) =>
          node.kind === "list" ? items.length <= MAX_LIST : items.length === node.children.length;
        if (!Array.isArray(value) || !fits(value)) {
          problems.add(at, `${node.path} is ${node.type}`, { expected, received });
          return;
        }
        if (node.kind === "list") {
          const { element } = node;
          if (!element) return;
          shapes.set(node.path, { length: value.length });
          node.children = value.map((_, index) =>
            nodeOf(element, `${node.path}[${index}]`, `${node.name}[${index}]`),
          );
        }
        for (const [index, item] of value.entries()) {
          const child = node.children[index];
          if (child) assign(child, item, [...at, index]);
        }
      }
    }
  };

  for (const [name, value] of Object.entries(rule.where ?? {})) {
    const at = [...path, "where", name];
    const node = findParameter(call, name, at, problems, "key");
    if (node) assign(node, value, at);
  }
  for (const [index, name] of (rule.free ?? []).entries()) {
    const at = [...path, "free", index];
    const node = findParameter(call, name, at, problems);
    if (node) leave(node, at);
  }
  return uses;
}
