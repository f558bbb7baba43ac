// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The names in a folder.
func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
}

/// Gives a file a second name.
func link(from path: String, to other: String) {
    _ = Glibc.link(path, other)
}
