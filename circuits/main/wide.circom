// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../policy.circom";

// 32 calldata words, the agent alone: long calldata.
component main {public [contextCommitment, challenge, fingerprint]} = Mandate(32, 0);
