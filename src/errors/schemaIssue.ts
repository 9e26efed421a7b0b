import type { z } from "zod";

const kinds: Readonly<Record<string, string>> = {
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  int: "a whole number",
  number: "a number",
  string: "text",
  boolean: "true or false",
  null: "nothing",
};

/**
 * What is wrong with an entry, for whoever wrote the file. Names kinds, never values: they may be secret. To be given to
 * a schema's `safeParse`; texts that the schema has of its own come first.
 *
 * @example
 * schema.safeParse(value, { error: schemaIssue }); // "expected a whole number, received text"
 */
export const schemaIssue: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is missing";
      return `expected ${kinds[issue.expected] ?? issue.expected}, received ${kindOf(issue.input)}`;
    case "invalid_value":
      if (issue.input === undefined) return "is missing";
      return `expected ${issue.values.map((value) => String(value)).join(" or ")}`;
    case "too_small":
      return `expected ${issue.inclusive === false ? "more than" : "at least"} ${countOf(issue.minimum, issue.origin)}`;
    case "too_big":
      return `expected ${issue.inclusive === false ? "less than" : "at most"} ${countOf(issue.maximum, issue.origin)}`;
    case "unrecognized_keys":
      return `unknown ${issue.keys.length === 1 ? "entry" : "entries"}: ${issue.keys.join(", ")}`;
    default:
      return undefined;
  }
};

function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number" && !Number.isInteger(value)) return "a fraction";
  return kinds[typeof value] ?? typeof value;
}

function countOf(count: number | bigint, origin: string): string {
  const plural = count === 1 || count === 1n ? "" : "s";
  if (origin === "string") return `${count} character${plural}`;
  if (origin === "array" || origin === "set") return `${count} ${plural ? "entries" : "entry"}`;
  return `${count}`;
}
