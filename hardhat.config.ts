import { createRequire } from "node:module";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hardhatViem from "@nomicfoundation/hardhat-viem";
import { defineConfig } from "hardhat/config";

/** The compiler comes from npm, so that a build needs no network. */
const compiler = {
  version: "0.8.37",
  path: createRequire(import.meta.url).resolve("solc/soljson.js"),
};

export default defineConfig({
  plugins: [hardhatViem, hardhatNetworkHelpers],
  paths: { sources: "./contracts", artifacts: "./build/artifacts", cache: "./build/cache" },
  solidity: {
    profiles: {
      default: {
        ...compiler,
        settings: { evmVersion: "prague", viaIR: true, optimizer: { enabled: true, runs: 200 } },
      },
      // What is deployed, tested and measured.
      production: {
        ...compiler,
        settings: {
          evmVersion: "prague",
          viaIR: true,
          optimizer: { enabled: true, runs: 1_000_000 },
        },
      },
    },
  },
  networks: {
    default: { type: "edr-simulated", chainType: "l1", hardfork: "osaka" },
  },
});
