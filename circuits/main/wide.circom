// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../policy.circom";

component main {public [contextCommitment, challenge, fingerprint]} = Mandate(32, 0);
