/**
 * Sets a clone up, then runs a command in it:
 *
 *     node scripts/bootstrap.mjs [--no-contracts] <command> [arguments]
 *
 * 1. A recent Node: the running one, or Node 24 from npm in `.toolchain`.
 * 2. The locked packages: `npm ci` under that Node, unless what is installed is what is locked. (npm
 *    under an old Node leaves out Hardhat's native package without a word.)
 * 3. The contracts, unless they are built (`--no-contracts` leaves this out).
 * 4. The command, with that Node and the packages' programs first in PATH. Its exit code or signal
 *    becomes this process's.
 *
 * Only missing things are made, so with everything in place no network is needed. Two at once wait
 * for each other. Standard output belongs to the command; what is said here goes to standard error.
 *
 * Plain JavaScript without dependencies, for Node ≥ 18.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isSupportedNode, requiredNode } from "../bin/node-version.mjs";

const NODE_MAJOR = "24";
/** The profile the contracts are deployed, tested and measured with. */
const BUILD_PROFILE = "production";

/** The npm package that holds Node's program for a platform, without an install script. */
export function nodePackage(platform, arch) {
  const prefix = platform === "darwin" && arch === "arm64" ? "node-bin" : "node";
  const os = platform === "win32" ? "win" : platform;
  return `${prefix}-${os}-${platform === "win32" && arch === "ia32" ? "x86" : arch}`;
}

/**
 * The environment of the command: `directories` first in PATH, and npm's own notes about Node set
 * to the one in use.
 */
export function childEnvironment(environment, directories, node) {
  const pathKey = Object.keys(environment).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  const rest = (environment[pathKey] ?? "")
    .split(delimiter)
    .filter((entry) => entry !== "" && !directories.includes(entry));
  return {
    ...environment,
    [pathKey]: [...directories, ...rest].join(delimiter),
    NODE: node,
    npm_node_execpath: node,
  };
}

/** Whether a locked package is meant for this machine; `libc` is "glibc" or "musl" on Linux. */
export function fitsMachine(entry, { platform, arch, libc }) {
  const allows = (list, value) => {
    if (list === undefined || value === undefined) return true;
    const denied = list.filter((item) => item.startsWith("!"));
    if (denied.includes(`!${value}`)) return false;
    return denied.length === list.length || list.includes(value);
  };
  return allows(entry.os, platform) && allows(entry.cpu, arch) && allows(entry.libc, libc);
}

/**
 * The locked packages that this machine needs: what the root reaches without passing through a
 * package for other machines.
 */
export function neededPackages(lock, machine) {
  const needed = new Set();
  const visit = (path) => {
    const entry = lock.packages[path];
    if (needed.has(path) || (entry.optional && !fitsMachine(entry, machine))) return;
    needed.add(path);
    const names = {
      ...entry.dependencies,
      ...entry.optionalDependencies,
      ...entry.peerDependencies,
      ...(path === "" ? entry.devDependencies : {}),
    };
    for (const name of Object.keys(names)) {
      if (entry.peerDependenciesMeta?.[name]?.optional) continue;
      const found = resolvePackage(lock, path, name);
      if (found !== undefined) visit(found);
    }
  };
  visit("");
  needed.delete("");
  return [...needed];
}

/** Where Node finds `name` from the package at `path`: its own node_modules, then those above. */
function resolvePackage(lock, path, name) {
  for (
    let from = path;
    ;
    from = from.slice(0, Math.max(0, from.lastIndexOf("node_modules/") - 1))
  ) {
    const candidate = from === "" ? `node_modules/${name}` : `${from}/node_modules/${name}`;
    if (lock.packages[candidate] !== undefined) return candidate;
    if (from === "") return undefined;
  }
}

/**
 * The needed packages that are not installed as locked.
 *
 * @param lock package-lock.json
 * @param installed npm's own record of what is there, node_modules/.package-lock.json
 */
export function missingPackages(lock, installed, machine) {
  return neededPackages(lock, machine).filter((path) => {
    const [locked, present] = [lock.packages[path], installed?.packages?.[path]];
    if (present?.version !== locked.version) return true;
    return locked.integrity !== undefined && present.integrity !== locked.integrity;
  });
}

/** Reads `--no-contracts` and the command. */
export function parseArguments(args) {
  const contracts = args[0] !== "--no-contracts";
  const [command, ...rest] = contracts ? args : args.slice(1);
  return { contracts, command, rest };
}

/** One hash over a set of files, in a fixed order, names included. */
export function hashFiles(root, paths) {
  const hash = createHash("sha256");
  for (const path of [...paths].sort()) {
    const content = readFileSync(join(root, path));
    hash.update(`${path.replaceAll("\\", "/")}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/**
 * Runs `action` while holding a lock file that names this process. A lock whose process is gone is
 * taken over.
 */
export async function withLock(path, action, onWait = () => {}) {
  const own = `${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  for (let waited = 0; ; waited += 1) {
    try {
      writeFileSync(path, own, { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = readIfThere(path);
    // An empty lock is being written; should its writer have died, it goes after ten seconds.
    if (holder !== undefined && (holder === "" ? waited > 50 : !isRunning(Number(holder)))) {
      const aside = `${path}.${own}`;
      try {
        renameSync(path, aside);
        // Another process took the stale lock over in between: give it back.
        if (readIfThere(aside) !== holder) linkSync(aside, path);
      } catch (error) {
        if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
      }
      rmSync(aside, { force: true });
      continue;
    }
    if (waited === 5) onWait(holder);
    await sleep(200);
  }
  try {
    return await action();
  } finally {
    if (readIfThere(path) === own) rmSync(path, { force: true });
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** An error that the user can act on; it is shown without a stack. */
class SetupError extends Error {}

function say(message) {
  process.stderr.write(`zkmandate: ${message}\n`);
}

/** Runs a step of the set-up; what it prints goes to standard error, if `quiet` only on failure. */
function run(what, program, args, { quiet = false, ...options }) {
  const output = quiet ? "pipe" : 2;
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, {
    ...options,
    maxBuffer: 2 ** 26,
    stdio: ["ignore", output, output],
  });
  if (!error && status === 0) return;
  if (quiet) process.stderr.write(`${stdout ?? ""}${stderr ?? ""}`);
  throw new SetupError(`${what} failed (${error?.message ?? signal ?? `exit code ${status}`})`);
}

/** Where `npm`'s JavaScript is: the npm that runs this script, the one in PATH, or Node's own. */
function findNpm(environment) {
  const sibling = (path) => join(dirname(path), "npm-cli.js");
  const candidates = [];
  if (/^np[mx]-cli\.js$/.test(basename(environment.npm_execpath ?? ""))) {
    candidates.push(sibling(environment.npm_execpath));
  }
  for (const directory of (environment.PATH ?? environment.Path ?? "").split(delimiter)) {
    const program = join(directory, "npm");
    if (directory !== "" && existsSync(program)) candidates.push(sibling(realpathSync(program)));
    candidates.push(join(directory, "node_modules", "npm", "bin", "npm-cli.js"));
  }
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  candidates.push(join(prefix, "lib", "node_modules", "npm", "bin", "npm-cli.js"));
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) throw new SetupError("npm was not found; install Node with npm first");
  return found;
}

/** The Node in `.toolchain`, if it is there and runs. */
function localNode(root) {
  const modules = join(root, ".toolchain", "node_modules");
  const candidates =
    process.platform === "win32"
      ? [join(modules, nodePackage(process.platform, process.arch), "bin", "node.exe")]
      : [join(modules, ".bin", "node")];
  return candidates.find((path) => {
    if (!existsSync(path)) return false;
    const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    return status === 0 && isSupportedNode(stdout.trim());
  });
}

function installNode(root) {
  const directory = join(root, ".toolchain");
  const name = nodePackage(process.platform, process.arch);
  say(
    `this is Node ${process.versions.node}; installing Node ${NODE_MAJOR} into .toolchain (once) …`,
  );
  rmSync(join(directory, "node_modules"), { recursive: true, force: true });
  rmSync(join(directory, "package-lock.json"), { force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), `{ "private": true }\n`);
  const install = ["install", `${name}@${NODE_MAJOR}`, "--no-audit", "--no-fund", "--bin-links"];
  run(`npm ${install.join(" ")}`, process.execPath, [findNpm(process.env), ...install], {
    cwd: directory,
  });
}

function machine() {
  const { platform, arch } = process;
  if (platform !== "linux") return { platform, arch };
  process.report.excludeNetwork = true;
  const report = process.report.getReport();
  return { platform, arch, libc: report.header.glibcVersionRuntime ? "glibc" : "musl" };
}

/** Whether node_modules holds what is locked, but for what npm could not install the last time. */
function packagesInstalled(root) {
  const modules = join(root, "node_modules");
  const lock = readJson(join(root, "package-lock.json"));
  const installed = readJson(join(modules, ".package-lock.json"));
  if (lock === undefined) throw new SetupError("package-lock.json is missing or not JSON");
  if (installed === undefined) return false;
  const stamp = readJson(join(modules, ".zkmandate.json"));
  const known = stamp?.lock === hashFiles(root, ["package-lock.json"]) ? stamp.missing : [];
  return missingPackages(lock, installed, machine()).every((path) => known.includes(path));
}

function installPackages(root, node, environment) {
  say("installing the packages (npm ci) …");
  // Development packages build the contracts, whatever NODE_ENV says.
  const ci = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  run("npm ci", node, [findNpm(environment), ...ci], { cwd: root, env: environment });
  const modules = join(root, "node_modules");
  const missing = missingPackages(
    readJson(join(root, "package-lock.json")),
    readJson(join(modules, ".package-lock.json")),
    machine(),
  );
  const stamp = { lock: hashFiles(root, ["package-lock.json"]), missing };
  writeFileSync(join(modules, ".zkmandate.json"), `${JSON.stringify(stamp)}\n`);
}

/** A hash of what the contracts' build depends on. */
function hashContracts(root) {
  const sources = readdirSync(join(root, "contracts"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".sol"))
    .map((path) => join("contracts", path));
  return hashFiles(root, [...sources, "hardhat.config.ts", "package-lock.json"]);
}

/** What a build of `sources` left, for the stamp: a build with another profile leaves other files. */
function contractsStamp(root, sources) {
  const buildInfo = join(root, "build", "artifacts", "build-info");
  const built = existsSync(buildInfo) ? readdirSync(buildInfo).sort() : [];
  return JSON.stringify({ sources, built });
}

function contractsBuilt(root) {
  const stamp = readIfThere(join(root, "build", "contracts.stamp"));
  return stamp !== undefined && stamp === contractsStamp(root, hashContracts(root));
}

function buildContracts(root, node, environment) {
  say("compiling the contracts (under a minute) …");
  // Before the build, so that an edit during it is built the next time.
  const sources = hashContracts(root);
  const hardhat = join(root, "node_modules", "hardhat", "dist", "src", "cli.js");
  run("hardhat build", node, [hardhat, "build", "--build-profile", BUILD_PROFILE], {
    cwd: root,
    env: environment,
    quiet: true,
  });
  writeFileSync(join(root, "build", "contracts.stamp"), contractsStamp(root, sources));
}

/** Whether `node` in PATH is the running Node already. */
function isNodeInPath(environment) {
  const program = process.platform === "win32" ? "node.exe" : "node";
  const found = (environment.PATH ?? environment.Path ?? "")
    .split(delimiter)
    .map((directory) => join(directory, program))
    .find((path) => existsSync(path));
  return found !== undefined && realpathSync(found) === realpathSync(process.execPath);
}

/** Makes what is missing; returns the Node to use and the command's environment. */
async function setUp(root, { contracts }) {
  const lock = join(root, ".toolchain", "lock");
  const onWait = (pid) => say(`waiting for another set-up (process ${pid}, ${lock}) …`);
  const ensure = async (isDone, make) => {
    if (isDone()) return;
    await withLock(
      lock,
      () => {
        if (!isDone()) make();
      },
      onWait,
    );
  };

  let node = process.execPath;
  if (!isSupportedNode(process.versions.node)) {
    await ensure(
      () => localNode(root) !== undefined,
      () => installNode(root),
    );
    node = localNode(root);
    if (node === undefined) {
      throw new SetupError(
        `the Node from npm does not run on this machine; install Node ${requiredNode} yourself`,
      );
    }
  }
  const programs = join(root, "node_modules", ".bin");
  const recentInPath = node === process.execPath && isNodeInPath(process.env);
  const directories = recentInPath ? [programs] : [dirname(node), programs];
  const environment = childEnvironment(process.env, directories, node);

  await ensure(
    () => packagesInstalled(root),
    () => installPackages(root, node, environment),
  );
  if (contracts) {
    await ensure(
      () => contractsBuilt(root),
      () => buildContracts(root, node, environment),
    );
  }
  return { node, environment };
}

/** Runs the command in this process's place: same input and output, same end. */
function runCommand(program, args, environment) {
  const child = spawn(program, args, { stdio: "inherit", env: environment });
  // A terminal sends its interrupt to the child as well; once is enough.
  const forwarded = process.stdin.isTTY ? ["SIGTERM", "SIGHUP"] : ["SIGTERM", "SIGHUP", "SIGINT"];
  for (const signal of forwarded) process.on(signal, () => child.kill(signal));
  if (process.stdin.isTTY) process.on("SIGINT", () => {});
  return new Promise((resolve, reject) => {
    child.on("error", (error) =>
      reject(new SetupError(`${program} could not be started: ${error.message}`)),
    );
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
}

async function main() {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const { contracts, command, rest } = parseArguments(process.argv.slice(2));
  if (command === undefined) {
    throw new SetupError(
      "usage: node scripts/bootstrap.mjs [--no-contracts] <command> [arguments]",
    );
  }
  const { node, environment } = await setUp(root, { contracts });
  const program = command === "node" ? node : command;
  const { code, signal } = await runCommand(program, rest, environment);
  if (signal === null) {
    process.exitCode = code;
  } else {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
}

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
