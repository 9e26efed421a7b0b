#!/usr/bin/env node
import { existsSync } from "node:fs";
import { isSupportedNode, requiredNode } from "./node-version.mjs";

if (isSupportedNode(process.versions.node)) {
  const built = new URL("../dist/cli/main.js", import.meta.url);
  const source = new URL("../src/cli/main.ts", import.meta.url);
  await import(existsSync(built) ? built.href : source.href);
} else {
  console.error(
    `zkmandate needs Node ${requiredNode}; this is ${process.versions.node}.\n` +
      "In a clone, `npm run demo` and `npm test` bring their own.",
  );
  process.exitCode = 1;
}
