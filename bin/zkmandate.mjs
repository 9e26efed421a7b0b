#!/usr/bin/env node
// Plain JavaScript without dependencies: this must load on any Node ≥ 18, to go on with a newer one.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isSupportedNode, requiredNode } from "./node-version.mjs";

/** The Node that `scripts/bootstrap.mjs` put into the clone, if it is there and recent enough. */
function clonesNode() {
  const path = fileURLToPath(new URL("../.toolchain/node_modules/.bin/node", import.meta.url));
  if (!existsSync(path)) return undefined;
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return status === 0 && isSupportedNode(stdout.trim()) ? path : undefined;
}

/** Runs this same command line under another Node; its end becomes this process's. */
function continueWith(node) {
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: "inherit" });
  // A terminal sends its interrupt to the child as well; once is enough.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`error: ${node} could not be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
    } else {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}

if (isSupportedNode(process.versions.node)) {
  const built = new URL("../dist/cli/main.js", import.meta.url);
  const source = new URL("../src/cli/main.ts", import.meta.url);
  await import(existsSync(built) ? built.href : source.href);
} else {
  const node = clonesNode();
  if (node === undefined) {
    console.error(
      `zkmandate needs Node ${requiredNode}; this is ${process.versions.node}.\n` +
        "In a clone, `npm run demo` brings one, and this command then finds it; or run it as\n" +
        "  node scripts/bootstrap.mjs node bin/zkmandate.mjs …",
    );
    process.exitCode = 1;
  } else {
    continueWith(node);
  }
}
