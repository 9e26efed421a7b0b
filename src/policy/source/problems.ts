import type { PolicyProblem } from "../../errors/policy.ts";
import type { SourceDocument, SourcePath } from "./document.ts";
import { closest } from "./suggest.ts";

/** Something that compiles but that a desk should know. */
export interface PolicyWarning {
  /** Stable, for machines: "unpinned-spender", "unused-budget", … */
  code: string;
  path: SourcePath;
  message: string;
  line?: number | undefined;
  column?: number | undefined;
}

interface ProblemDetails {
  expected?: string;
  received?: string;
  /** Names that would have been right: the closest becomes the suggestion. */
  known?: readonly string[];
  /** What was written, if `received` says it differently. */
  name?: string;
  /** Points at the key rather than at its value. */
  part?: "key";
}

/** Collects problems and warnings with their positions, so that all are reported at once. */
export interface Problems {
  readonly list: PolicyProblem[];
  readonly warnings: PolicyWarning[];
  /** Records a problem; returns undefined, so that a resolver can return the call. */
  add(path: SourcePath, message: string, details?: ProblemDetails): undefined;
  warn(code: string, path: SourcePath, message: string): void;
}

/** A collector for one source document; it starts with the problems of reading it. */
export function createProblems(document: SourceDocument): Problems {
  const list = [...document.problems];
  const warnings: PolicyWarning[] = [];
  return {
    list,
    warnings,
    add(path, message, { expected, received, known, name = received, part } = {}) {
      const suggestion = known && name !== undefined ? closest(name, known) : undefined;
      const position = document.locate(path, part);
      list.push({ path, message, expected, received, suggestion, ...position });
    },
    warn(code, path, message) {
      warnings.push({ code, path, message, ...document.locate(path) });
    },
  };
}
