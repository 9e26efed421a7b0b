import {
  type AbiFunction,
  type AbiParameter,
  parseAbiItem,
  toFunctionSelector,
  toFunctionSignature,
} from "viem";
import type { SourcePath } from "./document.ts";
import { forwarding } from "./forwarders.ts";
import type { Problems } from "./problems.ts";

/** A parameter of a call, or a part of one; a tree as deep as the ABI's tuples and arrays. */
export interface AbiNode {
  /** `params.tokenIn`, `weights[2]`; unnamed parameters are `arg0`, `arg1`, … */
  path: string;
  name: string;
  type: string;
  kind: "word" | "bytes" | "tuple" | "fixedArray" | "list";
  /** Whether the ABI places it behind an offset. */
  dynamic: boolean;
  /** The parts of a tuple or array; of a list only once its length is known. */
  children: AbiNode[];
  /** What a list is made of. */
  element?: AbiParameter;
}

/** A function that a rule permits. */
export interface Call {
  name: string;
  /** `transfer(address,uint256)` */
  signature: string;
  selector: bigint;
  parameters: AbiNode[];
}

const MAX_WORDS = 256;
const MAX_TEXT = 4_096;

function arrayOf(type: string): { element: string; length: number | undefined } | undefined {
  const match = /^(.*)\[(\d*)\]$/.exec(type);
  return match
    ? { element: match[1] ?? "", length: match[2] ? Number(match[2]) : undefined }
    : undefined;
}

function isDynamic(parameter: AbiParameter): boolean {
  const array = arrayOf(parameter.type);
  if (array) return array.length === undefined || isDynamic({ ...parameter, type: array.element });
  if (parameter.type === "bytes" || parameter.type === "string") return true;
  return componentsOf(parameter).some(isDynamic);
}

function componentsOf(parameter: AbiParameter): readonly AbiParameter[] {
  return "components" in parameter ? parameter.components : [];
}

/** How many words a parameter holds, a list counted as one element: bounds the tree built of it. */
function wordsOf(parameter: AbiParameter): number {
  const array = arrayOf(parameter.type);
  if (array) return (array.length ?? 1) * wordsOf({ ...parameter, type: array.element });
  if (parameter.type !== "tuple") return 1;
  return componentsOf(parameter).reduce((total, component) => total + wordsOf(component), 0);
}

/** Builds the tree of a parameter. Arrays have been checked for size. */
export function nodeOf(parameter: AbiParameter, path: string, name: string): AbiNode {
  const { type } = parameter;
  const dynamic = isDynamic(parameter);
  const array = arrayOf(type);
  if (array) {
    const element = { ...parameter, type: array.element };
    if (array.length === undefined) {
      return { path, name, type, kind: "list", dynamic, children: [], element };
    }
    const children = Array.from({ length: array.length }, (_, index) =>
      nodeOf(element, `${path}[${index}]`, `${name}[${index}]`),
    );
    return { path, name, type, kind: "fixedArray", dynamic, children };
  }
  if (type === "tuple") {
    return {
      path,
      name,
      type,
      kind: "tuple",
      dynamic,
      children: nodesOf(componentsOf(parameter), path),
    };
  }
  const kind = type === "bytes" || type === "string" ? "bytes" : "word";
  return { path, name, type, kind, dynamic, children: [] };
}

function nodesOf(parameters: readonly AbiParameter[], parent: string): AbiNode[] {
  return parameters.map((parameter, index) => {
    const name = parameter.name || `arg${index}`;
    return nodeOf(parameter, parent === "" ? name : `${parent}.${name}`, name);
  });
}

/** All parts of a tree, parents before their parts. */
export function everyNode(nodes: readonly AbiNode[]): AbiNode[] {
  return nodes.flatMap((node) => [node, ...everyNode(node.children)]);
}

function nestedDynamic(parameter: AbiParameter): boolean {
  const array = arrayOf(parameter.type);
  if (!array) return componentsOf(parameter).some(nestedDynamic);
  const element = { ...parameter, type: array.element };
  return isDynamic(element) || nestedDynamic(element);
}

function reasonOf(error: unknown): string {
  const { shortMessage, metaMessages } = error as {
    shortMessage?: string;
    metaMessages?: string[];
  };
  const lines = [shortMessage, ...(metaMessages ?? [])].filter((line) => line !== undefined);
  return lines.join(" ").split("\n")[0] ?? "not a signature";
}

/**
 * Reads a function in human-readable ABI; `function` may be left out.
 *
 * @returns undefined, and problems, for text that is no function and for calls that cannot be limited:
 *   those that carry further calls, and dynamic parts inside arrays
 */
export function parseCall(text: string, path: SourcePath, problems: Problems): Call | undefined {
  const expected =
    "a function with named parameters, such as transfer(address to, uint256 amount), or none";
  const received = text.length > 80 ? `${text.slice(0, 77)}…` : text;
  const problem = (message: string) => problems.add(path, message, { expected, received });
  if (text.length > MAX_TEXT) return problem("the signature is too long");
  let item: AbiFunction;
  try {
    const source = text.startsWith("function ") ? text : `function ${text}`;
    const parsed = parseAbiItem([source] as readonly string[]) as { type: string };
    if (parsed.type !== "function") return problem("is not a function");
    item = parsed as AbiFunction;
  } catch (error) {
    return problem(`is not a function signature: ${reasonOf(error)}`);
  }
  const forwards = forwarding(item);
  if (forwards) {
    const detail = "a call that carries other calls would let them pass unread";
    return problems.add(path, `${item.name} ${forwards}: ${detail}`, {
      received: toFunctionSignature(item),
    });
  }
  if (item.inputs.some(nestedDynamic)) {
    return problem("has an array of dynamic parts, whose words cannot be pinned");
  }
  if (item.inputs.reduce((total, input) => total + wordsOf(input), 0) > MAX_WORDS) {
    return problem(`has more than ${MAX_WORDS} words of parameters`);
  }
  const parameters = nodesOf(item.inputs, "");
  const paths = everyNode(parameters).map((node) => node.path);
  const twice = paths.find((name, index) => paths.indexOf(name) !== index);
  if (twice !== undefined) return problem(`has two parameters named ${twice}`);
  return {
    name: item.name,
    signature: toFunctionSignature(item),
    selector: BigInt(toFunctionSelector(item)),
    parameters,
  };
}
