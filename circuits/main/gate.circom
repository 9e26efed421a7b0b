// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../policy.circom";

// 8 calldata words, the agent alone: transfers, approvals, most swaps.
component main {public [contextCommitment, challenge, fingerprint]} = Mandate(8, 0);
