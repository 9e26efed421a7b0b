import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { temporaryFolder, zkmandate, zkmandateJson } from "./run.ts";

describe("the command line", () => {
  it("prints its version", async () => {
    expect(await zkmandate(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: "",
    });
  });

  it("prints its help with the exit codes", async () => {
    const { code, stdout } = await zkmandate(["--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Exit codes:");
  });

  it("says what it does not know, and ends with 2", async () => {
    expect(await zkmandate(["keys", "show", "--colour"])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("unknown option '--colour'"),
    });
    expect(await zkmandate(["keyz"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("(Did you mean keys?)"),
    });
  });

  it("ends with 2 when no command is given", async () => {
    const { code, stdout, stderr } = await zkmandate([]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("Usage: zkmandate");
  });

  it("prints errors as one JSON object for machines", async () => {
    const { code, json, stderr } = await zkmandateJson(["keys", "new", "nobody"]);
    expect(code).toBe(2);
    expect(json).toMatchObject({ ok: false, exitCode: 2, error: { name: "UsageError" } });
    expect(stderr).toBe("");
  });

  it("prints a stack only with --debug", async () => {
    const folder = await temporaryFolder();
    const plain = await zkmandate(["keys", "show", "-w", folder]);
    expect(plain.stderr).not.toContain("    at ");
    const debug = await zkmandate(["keys", "show", "-w", folder, "--debug"]);
    expect(debug.stderr).toContain("    at ");
  });

  it("shows examples in the help of every command", async () => {
    const leaves = (command: Command): Command[] =>
      command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
    for (const command of leaves(await createProgram())) {
      let help = "";
      command.configureOutput({
        writeOut: (text) => {
          help += text;
        },
      });
      command.outputHelp();
      expect(help, command.name()).toContain("Examples:");
      expect(help, command.name()).toContain("--json");
    }
  });
});

describe("the workspace", () => {
  it("is named when it is missing", async () => {
    const folder = await temporaryFolder();
    const { code, stderr } = await zkmandate(["keys", "show"], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toContain("zkmandate.yaml");
    expect(stderr).toContain("zkmandate init");
  });
});
