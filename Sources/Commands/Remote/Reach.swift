// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a command works on, which decides what becomes of `--server` and `--profile`.
enum Reach: Sendable {
    /// A data folder or a server, whichever is chosen.
    case folderOrServer
    /// Only a data folder of this machine; with a server it is refused.
    case folder
    /// Only servers.
    case server
    /// No server, even where one is asked by default: files, and what the program itself knows or is.
    case nothing
}
