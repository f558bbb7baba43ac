// Baton
// SPDX-License-Identifier: Apache-2.0

import Commands
import Glibc

// Not `exit`: threads of the engine may still be closing files, and must not meet libraries that are taken down.
_exit(Baton.run(CommandLine.arguments))
