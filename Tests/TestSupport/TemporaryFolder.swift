// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A folder that goes with the value.
public final class TemporaryFolder: Sendable {
    /// Its absolute path, without a slash at the end.
    public let path: String

    /// Makes an empty folder for its owner alone.
    public init() {
        var template = Array("/tmp/baton-test-XXXXXX\0".utf8).map { CChar(bitPattern: $0) }
        guard let made = mkdtemp(&template) else { fatalError("no temporary folder: errno \(errno)") }
        path = String(cString: made)
    }

    deinit {
        Self.remove(path)
    }

    private static func remove(_ path: String) {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
        }
        closedir(folder)
        rmdir(path)
    }
}
