// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The folder a call works in: one that was given, or an empty one that goes away again.
struct ScratchFolder {
    let path: String
    private let isOurs: Bool

    /// - Parameter given: An absolute path of a folder that stays.
    init(_ given: String?) throws(CommandFailure) {
        if let given {
            guard Self.isFolder(given) else { throw .notFound("there is no folder \(given)") }
            path = given
            isOurs = false
            return
        }
        var template = Array("/tmp/baton-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure(.unavailable, "storage.full", "no folder in /tmp: \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        isOurs = true
    }

    /// Removes the folder with everything in it, unless it was given.
    func remove() {
        if isOurs { Self.remove(path) }
    }

    /// Follows no links.
    private static func remove(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard name != ".", name != ".." else { continue }
                let child = "\(path)/\(name)"
                if unlink(child) != 0, errno == EISDIR || errno == EPERM { remove(child) }
            }
            closedir(folder)
        }
        rmdir(path)
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
