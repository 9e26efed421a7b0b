import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bytesToHex } from "viem";
import { ecdsaKey } from "../../keys/ecdsaKey.ts";
import type { AgentKey } from "../../keys/keys.ts";
import { createTokenKey, openTokenKey } from "../../keys/pkcs11/tokenKey.ts";
import type { Prover } from "../../prover/prover.ts";
import { benchGroup } from "./benchGroup.ts";
import { measure, type Timing } from "./measure.ts";

const SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so";

/** Milliseconds of one signature, by where the key is. */
export interface KeysBench {
  /** In this process's memory. */
  memory: Timing;
  /** In SoftHSM2, through PKCS#11; absent where it is not installed. */
  pkcs11?: Timing;
  /** In nodes of a group, processes on this machine that each check the action; see `benchGroup`. */
  frost2of3: Timing;
  frost3of5: Timing;
}

/** Measures signatures, one after the other: over random digests, and a group's over proven actions. */
export async function benchKeys(runs: number, prover: Prover): Promise<KeysBench> {
  const memory = await measureKey(ecdsaKey(new Uint8Array(32).fill(1)), runs);
  const isInstalled = await access(SOFTHSM).then(
    () => true,
    () => false,
  );
  return {
    memory,
    ...(isInstalled && { pkcs11: await benchToken(runs) }),
    frost2of3: await benchGroup({ threshold: 2, nodes: 3 }, prover, runs),
    frost3of5: await benchGroup({ threshold: 3, nodes: 5 }, prover, runs),
  };
}

async function measureKey(key: AgentKey, runs: number): Promise<Timing> {
  try {
    return await measure(runs, () => key.sign(bytesToHex(randomBytes(32))));
  } finally {
    await key.close();
  }
}

/** A token of its own, which goes away again. */
async function benchToken(runs: number): Promise<Timing> {
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-bench-hsm-"));
  const before = process.env.SOFTHSM2_CONF;
  try {
    const tokens = join(folder, "tokens");
    await mkdir(tokens);
    const conf = join(folder, "softhsm2.conf");
    await writeFile(conf, `directories.tokendir = ${tokens}\nlog.level = ERROR\n`);
    // SoftHSM2 has no other way to be told.
    process.env.SOFTHSM2_CONF = conf;
    const pin = randomBytes(8).toString("hex");
    await promisify(execFile)("softhsm2-util", [
      ...["--init-token", "--free", "--label", "bench"],
      ...["--pin", pin, "--so-pin", pin],
    ]);
    const place = { module: SOFTHSM, token: "bench", key: "agent" };
    await createTokenKey({ place, pin });
    return await measureKey(await openTokenKey({ place, pin }), runs);
  } finally {
    if (before === undefined) delete process.env.SOFTHSM2_CONF;
    else process.env.SOFTHSM2_CONF = before;
    await rm(folder, { recursive: true, force: true });
  }
}
