/**
 * Refuses imports that run against the data flow: a folder of `src` imports only from those before
 * it in `folderOrder` and from `errors`. `errors` imports nothing from the others but types. And no
 * module waits for itself: imports that are there at run time make no circle.
 *
 * @example
 * node scripts/check-imports.ts
 */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

/** The way of a transaction; `errors` serves all, `index.ts` exports all. */
export const folderOrder = [
  "field",
  "action",
  "policy",
  "state",
  "witness",
  "prover",
  "keys",
  "signer",
  "chain",
  "audit",
  "journal",
  "node",
  "agent",
  "server",
  "cli",
] as const;

/** One import as it is written. */
export interface Import {
  specifier: string;
  /** `import type` or `export type`, which leaves nothing at run time. */
  typeOnly: boolean;
  /** 1 for the first line. */
  line: number;
}

const importPattern =
  /\b(?:import|export)\s+(type\s)?[^"';]*?\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/g;

/** Every static and dynamic import of a module's source, comment lines left out. */
export function importsOf(source: string): Import[] {
  const code = source.replace(/^\s*(?:\/\/|\/?\*).*$/gm, "");
  return [...code.matchAll(importPattern)].map((match) => ({
    specifier: match[2] ?? match[3] ?? "",
    typeOnly: match[1] !== undefined,
    line: code.slice(0, match.index).split("\n").length,
  }));
}

/**
 * Says why a module may not have an import, or nothing if it may.
 *
 * @param file the importing module, relative to `src`, with forward slashes
 */
export function importViolation(file: string, { specifier, typeOnly }: Import): string | undefined {
  // A generator's Solidity text has imports of its own.
  if (!specifier.startsWith(".") || specifier.endsWith(".sol")) return undefined;
  const target = posix.join(posix.dirname(file), specifier);
  if (target.startsWith("../")) return `${specifier} is outside src`;
  const [from, to] = [topFolder(file), topFolder(target)];
  if (from === undefined || from === to) return undefined;
  if (to === undefined) return `${specifier} exports every folder; import the module itself`;
  if (to === "errors") return undefined;
  if (from === "errors") {
    return typeOnly ? undefined : `errors imports only types from ${to}`;
  }
  const [fromRank, toRank] = [rank(from), rank(to)];
  if (fromRank < 0 || toRank < 0) {
    return `src/${fromRank < 0 ? from : to} has no place in the order of the folders`;
  }
  return toRank < fromRank ? undefined : `${from} comes before ${to} and may not import it`;
}

/**
 * A circle of modules that import each other at run time, or nothing if there is none. Of several, one.
 *
 * @param modules each module's imports, by its path relative to `src`
 * @returns the modules in the order in which they import each other, the first once more at the end
 */
export function importCircle(
  modules: ReadonlyMap<string, readonly Import[]>,
): string[] | undefined {
  const finished = new Set<string>();
  const visit = (file: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (finished.has(file)) return undefined;
    for (const { specifier, typeOnly } of modules.get(file) ?? []) {
      if (typeOnly || !specifier.startsWith(".")) continue;
      const circle = visit(posix.join(posix.dirname(file), specifier), [...way, file]);
      if (circle) return circle;
    }
    finished.add(file);
    return undefined;
  };
  for (const file of modules.keys()) {
    const circle = visit(file, []);
    if (circle) return circle;
  }
  return undefined;
}

function topFolder(path: string): string | undefined {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : undefined;
}

function rank(folder: string): number {
  return (folderOrder as readonly string[]).indexOf(folder);
}

function main(): void {
  const root = fileURLToPath(new URL("../src/", import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts"));
  const modules = new Map(
    files.map((file) => [file, importsOf(readFileSync(`${root}${file}`, "utf8"))]),
  );
  const violations = [...modules].flatMap(([file, imports]) =>
    imports.flatMap((found) => {
      const reason = importViolation(file, found);
      return reason === undefined ? [] : [`src/${file}:${found.line}: ${reason}`];
    }),
  );
  const circle = importCircle(modules);
  if (circle) violations.push(`src/${circle.join(" → ")}: they import each other`);
  for (const violation of violations) console.error(violation);
  console.log(`${files.length} modules, ${violations.length} imports out of order`);
  if (violations.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
