import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { Encrypter } from "age-encryption";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseWithBigints, stringifyWithBigints } from "../../src/keys/bigintJson.ts";
import {
  createSealIdentity,
  loadSealIdentity,
  readSealed,
  SealIdentity,
  writeSealed,
} from "../../src/keys/sealed.ts";

const passphrase = "correct horse battery";
const fast = { workFactor: 10 };
const secretValue = {
  name: "eth-basis",
  limit: 2n ** 128n - 1n,
  levels: [0n, 5n],
  nested: { empty: null },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zkmandate-sealed-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a sealed file", () => {
  it("gives back what was sealed under a passphrase, bigints included", async () => {
    const path = join(folder, "passphrase.age");
    await writeSealed(path, secretValue, passphrase, fast);
    expect(await readSealed(path, passphrase)).toEqual(secretValue);
  });

  it("gives back what was sealed to an identity", async () => {
    const path = join(folder, "identity-sealed.age");
    const identity = await SealIdentity.generate();
    await writeSealed(path, secretValue, identity);
    expect(await readSealed(path, identity)).toEqual(secretValue);
  });

  it("shows nothing of its content on the disk, to its owner alone", async () => {
    const path = join(folder, "opaque.age");
    await writeSealed(path, secretValue, await SealIdentity.generate());
    const raw = (await readFile(path)).toString("latin1");
    expect(raw.startsWith("age-encryption.org/v1\n")).toBe(true);
    expect(raw).not.toContain("eth-basis");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("is replaced only when asked, whole, with no temporary file left", async () => {
    const own = join(folder, "own");
    const path = join(own, "state.age");
    const identity = await SealIdentity.generate();
    await writeSealed(path, { seq: 1n }, identity);
    await expect(writeSealed(path, { seq: 2n }, identity)).rejects.toMatchObject({
      name: "FileExistsError",
    });
    expect(await readSealed(path, identity)).toEqual({ seq: 1n });
    await writeSealed(path, { seq: 2n }, identity, { replace: true });
    expect(await readSealed(path, identity)).toEqual({ seq: 2n });
    expect(await readdir(own)).toEqual(["state.age"]);
  });

  it("does not open with another passphrase or identity", async () => {
    const path = join(folder, "closed.age");
    await writeSealed(path, secretValue, passphrase, fast);
    await expect(readSealed(path, "another passphrase")).rejects.toMatchObject({
      name: "WrongPassphraseError",
    });
    await writeSealed(path, secretValue, await SealIdentity.generate(), { replace: true });
    await expect(readSealed(path, await SealIdentity.generate())).rejects.toMatchObject({
      name: "WrongPassphraseError",
    });
  });

  it("is refused when a byte of its content changed", async () => {
    const path = join(folder, "flipped.age");
    const identity = await SealIdentity.generate();
    await writeSealed(path, secretValue, identity);
    const raw = await readFile(path);
    raw[raw.length - 1] = (raw[raw.length - 1] as number) ^ 1;
    await writeFile(path, raw);
    await expect(readSealed(path, identity)).rejects.toMatchObject({
      name: "InvalidSealedFileError",
    });
  });

  it("is refused when it is another kind of file, empty, or missing", async () => {
    const path = join(folder, "plain.json");
    await writeFile(path, "{}");
    await expect(readSealed(path, passphrase)).rejects.toMatchObject({
      name: "InvalidSealedFileError",
    });
    await writeFile(path, "");
    await expect(readSealed(path, passphrase)).rejects.toMatchObject({
      name: "InvalidSealedFileError",
    });
    await expect(readSealed(join(folder, "absent.age"), passphrase)).rejects.toMatchObject({
      name: "KeyFileError",
    });
  });

  it("does not quote its content when that is not JSON", async () => {
    const path = join(folder, "text.age");
    const encrypter = new Encrypter();
    const identity = await SealIdentity.generate();
    encrypter.addRecipient(identity.recipient);
    await writeFile(path, await encrypter.encrypt("the limit is 40"));
    const refused = await readSealed(path, identity).catch((error: Error) => error);
    expect(inspect(refused)).not.toContain("limit");
  });

  it("does not take a short passphrase", async () => {
    await expect(writeSealed(join(folder, "weak.age"), {}, "short")).rejects.toMatchObject({
      name: "WeakPassphraseError",
    });
  });
});

describe("an identity file", () => {
  it("opens with its passphrase and opens what its identity sealed", async () => {
    const path = join(folder, "identity.age");
    const identity = await createSealIdentity(path, passphrase, fast);
    await writeSealed(join(folder, "for-identity.age"), secretValue, identity);
    const loaded = await loadSealIdentity(path, passphrase);
    expect(await readSealed(join(folder, "for-identity.age"), loaded)).toEqual(secretValue);
    await expect(loadSealIdentity(path, "another passphrase")).rejects.toMatchObject({
      name: "WrongPassphraseError",
    });
  });

  it("is refused when it holds something else", async () => {
    const path = join(folder, "no-identity.age");
    await writeSealed(path, { a: 1 }, passphrase, fast);
    await expect(loadSealIdentity(path, passphrase)).rejects.toMatchObject({
      name: "InvalidSealedFileError",
    });
  });

  it("shows only its recipient when printed", async () => {
    const identity = await SealIdentity.generate();
    const shown = [
      inspect(identity, { showHidden: true }),
      JSON.stringify({ identity }),
      String(identity),
    ].join();
    expect(shown).toContain("age1");
    expect(shown).not.toContain("AGE-SECRET-KEY");
  });
});

describe("JSON with bigints", () => {
  it("reads back what it wrote", () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.bigInt(),
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie("value"), {
          maxKeys: 3,
          noNullPrototype: true,
        }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (sample) => {
        expect(parseWithBigints(stringifyWithBigints(sample))).toEqual(sample);
      }),
    );
  });

  it("refuses an object that could be mistaken for a bigint", () => {
    expect(() => stringifyWithBigints({ $bigint: 5 })).toThrow(/reserved/);
    expect(() => stringifyWithBigints({ $bigint: "5" })).toThrow(/reserved/);
    expect(() => stringifyWithBigints({ $bigint: "5", other: 1 })).toThrow(/reserved/);
  });
});
