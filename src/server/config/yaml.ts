import { type Document, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { schemaIssue } from "../../errors/schemaIssue.ts";

/** What a configuration says, or what is wrong with it, each problem with its line and path. */
export type ParsedYaml<Value> =
  | { value: Value; problems?: undefined }
  | { value?: undefined; problems: readonly string[] };

/**
 * Reads a configuration's text and holds it against its schema.
 *
 * @example
 * const { value, problems } = parseYaml("port: http", z.strictObject({ port: z.int() }));
 * // problems: ["line 1, port: expected a whole number, received text"]
 */
export function parseYaml<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
): ParsedYaml<z.output<Schema>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    return { problems: document.errors.map(({ message }) => message.split("\n", 1)[0] as string) };
  }
  const parsed = schema.safeParse(document.toJS(), { error: schemaIssue });
  if (parsed.success) return { value: parsed.data };
  return {
    problems: parsed.error.issues.map(
      (issue) => `${placeOf(document, lines, issue.path)}${issue.message}`,
    ),
  };
}

/** "line 7, gate.maxDelay: ", without the line where the entry is missing. */
function placeOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): string {
  const node = path.length > 0 ? document.getIn(path, true) : undefined;
  const start = (node as { range?: [number, number, number] } | undefined)?.range?.[0];
  const line = start === undefined ? "" : `line ${lines.linePos(start).line}, `;
  return `${line}${path.join(".") || "file"}: `;
}
