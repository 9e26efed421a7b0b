import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cryptoki } from "../../../src/keys/pkcs11/cryptoki.ts";

export const PIN = "4711-desk";

const modulePath = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"].find(
  (path) => existsSync(path),
);

const hasPackage = (() => {
  try {
    createRequire(import.meta.url)("pkcs11js");
    return true;
  } catch {
    return false;
  }
})();

/** Why tests with a real SoftHSM2 cannot run here; nothing if they can. */
export const unavailable =
  modulePath === undefined
    ? "SoftHSM2 is not installed: apt-get install softhsm2"
    : hasPackage
      ? undefined
      : "pkcs11js is not installed";

/** SoftHSM2 with its tokens in a folder of its own. */
export interface SoftHsm {
  module: string;
  folder: string;
  tokens: string;
  addToken(label: string, pin?: string): void;
  close(): Promise<void>;
}

/** Takes SoftHSM2 into use in this process and the ones it starts. */
export async function startSoftHsm(): Promise<SoftHsm> {
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-softhsm-"));
  const tokens = join(folder, "tokens");
  await mkdir(tokens);
  const conf = join(folder, "softhsm2.conf");
  await writeFile(
    conf,
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  process.env.SOFTHSM2_CONF = conf;
  return {
    module: modulePath as string,
    folder,
    tokens,
    addToken(label, pin = PIN) {
      execFileSync(
        "softhsm2-util",
        ["--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", "so-pin-1"],
        { stdio: "pipe" },
      );
    },
    async close() {
      delete process.env.SOFTHSM2_CONF;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Another user of the module in this process, to do what zkmandate never does. */
export function rawModule(path: string): Cryptoki & { C_CloseAllSessions(slot: Buffer): void } {
  const { PKCS11 } = createRequire(import.meta.url)("pkcs11js");
  const raw = new PKCS11();
  raw.load(path);
  return raw;
}
