import { BaseError } from "./base.ts";

/** Where a policy is wrong and how to mend it. */
export interface PolicyProblem {
  /** Keys and indexes from the top of the policy: `["rules", 0, "max"]`. */
  path: readonly (string | number)[];
  /** What is wrong, in one sentence. */
  message: string;
  expected?: string | undefined;
  received?: string | undefined;
  /** The known name closest to a misspelt one. */
  suggestion?: string | undefined;
  /** 1-based, for a policy that came as text. */
  line?: number | undefined;
  column?: number | undefined;
}

/**
 * Writes a path into a policy the way a person would.
 *
 * @example
 * formatPolicyPath(["rules", 0, "where", "tokenIn"]); // "rules[0].where.tokenIn"
 */
export function formatPolicyPath(path: readonly (string | number)[]): string {
  const text = path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
  return text === "" ? "policy" : text;
}

function problemLines(file: string | undefined, problem: PolicyProblem): string[] {
  const { path, message, expected, received, suggestion, line, column } = problem;
  const position = line === undefined ? undefined : `${line}:${column}`;
  const place = [file, position].filter((part) => part !== undefined).join(":");
  return [
    `${place === "" ? "" : `${place} `}${formatPolicyPath(path)}: ${message}`,
    ...(expected === undefined ? [] : [`    expected: ${expected}`]),
    ...(received === undefined ? [] : [`    received: ${received}`]),
    ...(suggestion === undefined ? [] : [`    did you mean ${suggestion}?`]),
  ];
}

/** A policy was refused; carries every problem found, not only the first. */
export class PolicyError extends BaseError {
  override readonly name: string = "PolicyError";
  readonly file: string | undefined;
  readonly problems: readonly PolicyProblem[];

  constructor(input: {
    problems: readonly PolicyProblem[];
    file?: string | undefined;
    shortMessage?: string;
    cause?: unknown;
  }) {
    const { problems, file, cause } = input;
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(input.shortMessage ?? `The policy cannot be compiled: ${count}`, {
      details: problems.flatMap((problem) => problemLines(file, problem)),
      cause,
    });
    this.file = file;
    this.problems = problems;
  }
}

/** A compiled policy breaks a bound that the circuit relies on. */
export class MalformedPolicyError extends PolicyError {
  override readonly name = "MalformedPolicyError";

  constructor(problems: readonly PolicyProblem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super({ problems, shortMessage: `The policy is not well-formed: ${count}` });
  }
}
