// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model

/// Where a repository keeps its commits, found without asking git, which would believe what is written there.
struct GitHome: Equatable {
    /// Its `HEAD`: the repository itself, or the working tree that is linked to it.
    let gitFolder: String
    /// Its objects and branches; without links.
    let commonFolder: String
    /// Where its objects are, its own first.
    let objectFolders: [String]

    /// Objects that are borrowed from others that borrow them, and so on.
    private static let depth = 5

    /// - Parameter path: An absolute path, or one beneath the workspace. What lies in the workspace was perhaps written
    ///   by a program, and leads nowhere else.
    /// - Throws: `agent.repository` for what is none, `tool.denied` for what may not be seen.
    init(_ path: String, _ context: ToolContext, _ permission: ToolPermission = ToolPermission()) throws(TaskError) {
        guard let workspace = SandboxMounts.real(context.workspace) else {
            throw .repository("there is no workspace \(context.workspace)")
        }
        guard !path.isEmpty, path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw .argument("repository", "is no path")
        }
        guard let folder = SandboxMounts.real(path.hasPrefix("/") ? path : "\(workspace)/\(path)") else {
            throw .repository("there is no folder \(path)")
        }
        let isOwn = folder.isInside(workspace)
        guard isOwn || path.hasPrefix("/") else { throw .denied("the repository \(path) leaves the workspace") }
        (gitFolder, commonFolder) = try Self.find(in: folder, path)
        let objects = "\(commonFolder)/objects"
        guard SandboxMounts.real(objects) == objects, access("\(commonFolder)/commondir", F_OK) != 0 else {
            throw .repository("the repository \(path) keeps its objects somewhere else, which is not understood")
        }
        let bounds = isOwn ? workspace : nil
        objectFolders =
            [objects]
            + Self.lenders(of: objects, Self.depth).filter { folder in
                bounds.map(folder.isInside) ?? !Self.isHidden(folder, context)
            }
        for place in [folder, gitFolder, commonFolder] {
            if let bounds {
                guard place.isInside(bounds) else { throw .denied("the repository \(path) leads out of the workspace") }
            } else if Self.isHidden(place, context) {
                throw .denied("the repository \(path) is in a place that programs may not see")
            } else if let profile = permission.profiles.first(where: { !$0.shows(place) }) {
                throw .denied("the repository \(path) is in no place that the profile \(profile.name) shows")
            }
        }
    }

    private static func find(in folder: String, _ path: String) throws(TaskError) -> (String, String) {
        if isFolder("\(folder)/.git"), let real = SandboxMounts.real("\(folder)/.git") { return (real, real) }
        let linked = GitRepository.linkedFolders(of: folder)
        if linked.count == 2 { return (linked[0], linked[1]) }
        // One without a working tree.
        if access("\(folder)/HEAD", F_OK) == 0, isFolder("\(folder)/objects"), isFolder("\(folder)/refs") {
            return (folder, folder)
        }
        throw .repository("\(path) is no git repository")
    }

    /// The folders of other repositories whose objects this one borrows.
    private static func lenders(of objects: String, _ depth: Int) -> [String] {
        let path = "\(objects)/info/alternates"
        guard depth > 0, let file = Descriptor(open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)),
            file.entry?.kind == .file, let bytes = file.readAll(limit: 1 << 16)
        else { return [] }
        return bytes.split(separator: 10).flatMap { line -> [String] in
            let text = String(decoding: line, as: UTF8.self)
            guard !text.hasPrefix("#"), let real = SandboxMounts.real(text.hasPrefix("/") ? text : "\(objects)/\(text)")
            else { return [] }
            return [real] + lenders(of: real, depth - 1)
        }
    }

    private static func isHidden(_ path: String, _ context: ToolContext) -> Bool {
        let places = context.sandbox.hiddenPaths + context.sandbox.forbiddenPaths
        return places.contains { place in path.isInside(SandboxMounts.real(place) ?? place) }
    }

    static func isFolder(_ path: String, followsLinks: Bool = true) -> Bool {
        var status = stat()
        let result = followsLinks ? stat(path, &status) : lstat(path, &status)
        return result == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

extension ToolProfile {
    /// A place besides the workspace may be seen.
    fileprivate func shows(_ place: String) -> Bool {
        let isForbidden = forbiddenPaths.contains { place.isInside(SandboxMounts.real($0) ?? $0) }
        return !isForbidden && readPaths?.contains { place.isInside(SandboxMounts.real($0) ?? $0) } ?? true
    }
}

extension TaskError {
    static func repository(_ message: String, _ errorClass: ErrorClass = .permanent) -> TaskError {
        TaskError(code: "agent.repository", errorClass: errorClass, message: message)
    }
}
