// Plain JavaScript without dependencies: this must load on any Node ≥ 18 to say that it is too old.

/** What package.json's `engines` asks for, in words. */
export const requiredNode = "22.18 or later (not the 23 line)";

/**
 * Whether a Node version runs this project: it strips TypeScript's types by default, is recent
 * enough for Hardhat 3 and vitest 5, and its node:sqlite has what the journal needs, as 23 does not.
 *
 * @param {string} version as in `process.versions.node`, with or without a leading v
 * @returns {boolean}
 */
export function isSupportedNode(version) {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  if (!Number.isInteger(major) || !Number.isInteger(minor)) return false;
  if (major === 22) return minor >= 18;
  return major >= 24;
}
