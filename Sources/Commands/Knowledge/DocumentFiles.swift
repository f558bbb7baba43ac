// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Knowledge

/// The texts beneath files and folders that a person names.
struct DocumentFiles {
    /// So many files at most, so that somebody who names `/` gets an error and not a night of work.
    static let limit = 20_000

    /// Absolute paths by the paths that documents get, in order.
    private(set) var files: [(path: String, file: String)] = []
    /// What is left out, and why; at most 20 are named.
    private(set) var leftOut: [String] = []
    private(set) var leftOutCount = 0

    /// Collects. Files beneath a folder get their path in it; files that are named get their name. Names that begin with a
    /// dot, links beneath folders and `node_modules` are passed over.
    init(_ words: [String], absolute: (String) -> String) throws(CommandFailure) {
        for word in words {
            let place = absolute(word)
            var status = stat()
            guard stat(place, &status) == 0 else { throw .notFound("there is no file or folder \(word)") }
            if status.st_mode & S_IFMT == S_IFDIR {
                try walk(place, "")
            } else {
                try add(place, place.split(separator: "/").last.map(String.init) ?? place)
            }
        }
        files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        for (first, second) in zip(files, files.dropFirst()) where first.path == second.path {
            throw .invalid("\(first.file) and \(second.file) would be the same document, \(first.path)")
        }
    }

    /// Reads one; `nil` when it is no text of 1 MiB at most, which is noted.
    mutating func read(_ entry: (path: String, file: String)) -> Library.Draft? {
        let reason: String
        do throws(CommandFailure) {
            let bytes = try TextFile.bytes(entry.file, limit: Library.documentLimit)
            if let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) {
                return Library.Draft(path: entry.path, text: text)
            }
            reason = "\(entry.file) is no text"
        } catch {
            reason = error.message
        }
        leftOutCount += 1
        if leftOut.count < 20 { leftOut.append(reason) }
        return nil
    }

    private mutating func walk(_ folder: String, _ prefix: String) throws(CommandFailure) {
        guard let directory = opendir(folder) else {
            throw .invalid("\(folder) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix("."), name != "node_modules" else { continue }
            let place = "\(folder)/\(name)"
            var status = stat()
            guard lstat(place, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: try walk(place, "\(prefix)\(name)/")
            case S_IFREG: try add(place, "\(prefix)\(name)")
            default: continue
            }
        }
    }

    private mutating func add(_ file: String, _ path: String) throws(CommandFailure) {
        guard files.count < Self.limit else {
            throw .invalid("there are more than \(Self.limit) files; name folders beneath")
        }
        files.append((path, file))
    }
}
