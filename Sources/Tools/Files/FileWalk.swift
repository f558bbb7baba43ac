// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Model

/// Goes through a folder of the workspace by handles; links are seen but not followed.
struct FileWalk {
    /// Deeper folders are left out.
    private static let depthLimit = 64

    let pattern: PathPattern?
    let isRecursive: Bool
    let deadline: Deadline
    /// Names that are not gone into.
    var skippedFolders: Set<String> = []
    /// Places that are left out; absolute, without links.
    var hiddenPaths: [String] = []

    /// Calls `visit` with every entry that matches, in the order of names. `visit` returns false to end the walk.
    ///
    /// - Parameter path: What the paths begin with; `.` for the workspace itself.
    /// - Returns: False when the walk was ended.
    @discardableResult
    func go(
        through folder: Descriptor,
        path: String,
        depth: Int = 0,
        _ visit: (_ path: String, _ entry: FileEntry, _ folder: Descriptor) throws(TaskError) -> Bool
    ) throws(TaskError) -> Bool {
        try deadline.check()
        let place = hiddenPaths.isEmpty ? nil : folder.path
        for name in folder.entryNames().sorted() {
            if let place, hiddenPaths.contains("\(place)/\(name)") { continue }
            guard let entry = folder.entry(name) else { continue }
            let entryPath = path == "." ? name : "\(path)/\(name)"
            if pattern?.matches(entryPath) ?? true {
                guard try visit(entryPath, entry, folder) else { return false }
            }
            guard isRecursive, entry.kind == .folder, depth < Self.depthLimit, !skippedFolders.contains(name),
                let inner = Descriptor(
                    baton_open_beneath(folder.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, 0)
                )
            else { continue }
            guard try go(through: inner, path: entryPath, depth: depth + 1, visit) else { return false }
        }
        return true
    }
}

/// A pattern for relative paths: `?` and `*` within a name, `**` over any number of folders. Without a slash it is
/// matched against the last name.
struct PathPattern: Sendable {
    private let parts: [[UInt8]]
    private let isForName: Bool

    init(_ text: String) {
        isForName = !text.contains("/")
        parts = text.split(separator: "/").map { Array($0.utf8) }
    }

    func matches(_ path: String) -> Bool {
        let names = path.split(separator: "/").map { Array($0.utf8) }
        return isForName ? Self.matches(parts[...], names.suffix(1)) : Self.matches(parts[...], names[...])
    }

    private static func matches(_ parts: ArraySlice<[UInt8]>, _ names: ArraySlice<[UInt8]>) -> Bool {
        // Row by row, so that many `**` cannot make it exponential.
        var reached = [Bool](repeating: false, count: names.count + 1)
        reached[0] = true
        for part in parts {
            var next = [Bool](repeating: false, count: names.count + 1)
            if part == Array("**".utf8) {
                var isOpen = false
                for index in reached.indices {
                    isOpen = isOpen || reached[index]
                    next[index] = isOpen
                }
            } else {
                for (index, name) in names.enumerated() where reached[index] {
                    next[index + 1] = matchesName(part, name)
                }
            }
            reached = next
        }
        return reached[names.count]
    }

    private static func matchesName(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        var (index, position) = (0, 0)
        var star: (index: Int, position: Int)?
        while position < name.count {
            if index < pattern.count, pattern[index] == UInt8(ascii: "*") {
                star = (index, position)
                index += 1
            } else if index < pattern.count, pattern[index] == UInt8(ascii: "?") || pattern[index] == name[position] {
                index += 1
                position += 1
            } else if let last = star {
                index = last.index + 1
                position = last.position + 1
                star = (last.index, position)
            } else {
                return false
            }
        }
        return pattern[index...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
