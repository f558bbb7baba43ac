// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Finds programs by name.
public enum ProgramSearch {
    /// Where programs are looked for when nobody says otherwise.
    public static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The absolute path of a program that can be run; a name with a slash is only checked.
    public static func find(_ name: String, in path: String = defaultPath) -> String? {
        if name.contains("/") { return isProgram(name) ? name : nil }
        return path.split(separator: ":").map { "\($0)/\(name)" }.first(where: isProgram)
    }

    /// The path without links; `nil` when nothing is there.
    public static func real(_ path: String) -> String? { SandboxMounts.real(path) }

    private static func isProgram(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
