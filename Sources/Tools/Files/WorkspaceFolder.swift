// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import HTTP
import JSON
import Model
import Threads

/// A workspace by its handle: every path is opened beneath it by the kernel, so no link and no race leads out.
struct WorkspaceFolder: Sendable {
    private static let threads = BlockingThreads(named: "files", count: 4)

    private let root: Descriptor
    /// Places within that nobody may see; without links.
    let hiddenPaths: [String]
    /// Places within that may change, when it is not all.
    private let writePaths: [String]?

    init(_ context: ToolContext) throws(TaskError) {
        guard let root = Descriptor(Glibc.open(context.workspace, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else {
            throw .failed("the workspace \(context.workspace) cannot be opened: \(systemError())")
        }
        self.root = root
        // A workspace may lie inside a hidden place, such as the data folder; what counts here lies inside it.
        let path = root.path ?? context.workspace
        let forbidden = context.sandbox.forbiddenPaths
        hiddenPaths =
            (context.sandbox.hiddenPaths.compactMap(SandboxMounts.real)
            + forbidden.map { SandboxMounts.real($0) ?? $0 }).filter { $0.isInside(path) }
        // The way to the workspace may have links; within it they do not count.
        writePaths = context.sandbox.writePaths?.map { place in
            place.isInside(context.workspace) ? path + place.dropFirst(context.workspace.count) : place
        }
    }

    /// Does work with files on a thread of its own; `isCancelled` is to be asked now and then.
    static func run<Value: Sendable>(
        _ context: ToolContext,
        _ body: @escaping @Sendable (Deadline) throws(TaskError) -> Value
    ) async throws(TaskError) -> Value {
        let deadline = Deadline(end: .now + context.timeout, cancellation: context.cancellation)
        let result: Result<Value, TaskError>
        do {
            result = try await threads.run {
                do throws(TaskError) { return .success(try body(deadline)) } catch { return .failure(error) }
            }
        } catch {
            throw .cancelled
        }
        return try result.get()
    }

    /// Opens a path beneath the workspace. Links are followed as long as they stay inside.
    func open(_ path: String, _ flags: Int32, followsLinks: Bool = true) throws(TaskError) -> Descriptor {
        try Self.check(path)
        let number = baton_open_beneath(root.number, path, flags | O_NONBLOCK, 0, followsLinks ? 1 : 0)
        guard let descriptor = Descriptor(number) else { throw Self.error(path) }
        guard let real = descriptor.path else { throw .denied("\(path) has no name any more") }
        try checkSeen(real, path)
        return descriptor
    }

    private func checkSeen(_ real: String, _ path: String) throws(TaskError) {
        if hiddenPaths.contains(where: real.isInside) {
            throw .denied("\(path) is inside a place that tools may not see")
        }
    }

    /// Refuses a file of a folder that may not be written.
    func checkWritten(_ name: String, in folder: Descriptor, _ path: String) throws(TaskError) {
        guard let place = folder.path else { throw .denied("\(path) has no name any more") }
        try checkSeen("\(place)/\(name)", path)
        if let writePaths, !writePaths.contains(where: "\(place)/\(name)".isInside) {
            throw .denied("\(path) is in no place that may change (write_paths)")
        }
    }

    /// Refuses a path that is in no place that may change, before anything is made on the way to it.
    func checkWritten(_ path: String) throws(TaskError) {
        guard let writePaths, let root = root.path else { return }
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard writePaths.contains(where: (([root] + parts.map(String.init)).joined(separator: "/")).isInside) else {
            throw .denied("\(path) is in no place that may change (write_paths)")
        }
    }

    /// Opens a folder, making what is missing on the way; no link is followed to a place that is made.
    func makeFolder(_ path: String) throws(TaskError) -> Descriptor {
        try Self.check(path)
        var current = try open(".", O_RDONLY | O_DIRECTORY)
        var walked: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            walked.append(part)
            let name = walked.joined(separator: "/")
            do throws(TaskError) {
                current = try open(name, O_RDONLY | O_DIRECTORY)
            } catch {
                guard error.details?["errno"] == .int(Int64(ENOENT)) else { throw error }
                guard mkdirat(current.number, String(part), 0o777) == 0 || errno == EEXIST else {
                    throw Self.error(name)
                }
                current = try open(name, O_RDONLY | O_DIRECTORY, followsLinks: false)
            }
        }
        return current
    }

    /// The absolute path of a folder beneath the workspace, for programs.
    func path(of path: String) throws(TaskError) -> String {
        let folder = try open(path, O_RDONLY | O_DIRECTORY)
        guard let real = folder.path else { throw .failed("\(path) has no name any more") }
        return real
    }

    /// Refuses what is no relative path without `..`.
    static func check(_ path: String) throws(TaskError) {
        guard !path.isEmpty, !path.utf8.contains(0), path.utf8.count <= 4096 else {
            throw .argument("path", "is no path")
        }
        guard !path.hasPrefix("/") else { throw .denied("\(path) is absolute; paths are relative to the workspace") }
        guard !path.split(separator: "/").contains("..") else { throw .denied("\(path) contains ..") }
    }

    /// The error for `errno`.
    static func error(_ path: String) -> TaskError {
        let number = errno
        switch number {
        case EXDEV: return .denied("\(path) leaves the workspace by a link")
        case ELOOP: return .denied("\(path) is a link, or leads over links without end")
        case ENOENT: return .failed("\(path) does not exist", details: ["errno": .int(Int64(number))])
        case EEXIST: return .failed("\(path) exists already", details: ["errno": .int(Int64(number))])
        case EMFILE, ENFILE, ENOSPC, EIO, ESTALE:
            return .failed("\(path): \(systemError(number))", .transient, details: ["errno": .int(Int64(number))])
        default: return .failed("\(path): \(systemError(number))", details: ["errno": .int(Int64(number))])
        }
    }
}

/// When work with files has to stop.
struct Deadline: Sendable {
    let end: ContinuousClock.Instant
    let cancellation: CancellationSignal

    func check() throws(TaskError) {
        if cancellation.isCancelled { throw .cancelled }
        if ContinuousClock.now > end {
            throw TaskError(code: "timeout", errorClass: .transient, message: "the work with files took too long")
        }
    }
}
