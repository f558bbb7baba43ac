// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Engine
internal import Glibc
internal import HTTP
internal import Hashing
internal import JSON
public import Model
internal import Text
public import Threads

/// Makes checks of outputs that need no model (spec 9.7).
public struct CheckMaker: Sendable {
    let settings: ExecutionSettings
    let assignment: Assignment
    let cancellation: CancellationSignal

    /// The most of what a program wrote that is kept, in bytes.
    static let tailLimit = 2000

    /// Makes checks for an assignment of them.
    public init(settings: ExecutionSettings, assignment: Assignment, cancellation: CancellationSignal) {
        (self.settings, self.assignment, self.cancellation) = (settings, assignment, cancellation)
    }

    /// What a check of kind `command`, `file`, `http` or `diff` finds. What could not be looked at is for a person.
    ///
    /// - Throws: Only `cancelled`.
    public func evidence(for item: CheckOrder.Item) async throws(TaskError) -> CheckEvidence {
        do throws(TaskError) {
            switch item.check.kind {
            case .command: return try await commandEvidence(item)
            case .file: return try await fileEvidence(item)
            case .http: return try await requestEvidence(item)
            case .diff: return try await diffEvidence(item)
            case .schema, .expr, .judge, .human:
                return CheckEvidence(check: item.number, verdict: .humanNeeded, message: "it is not made here")
            }
        } catch {
            if cancellation.isCancelled || error.code == "cancelled" { throw .cancelled }
            let message = "the check could not be made: \(error)"
            return CheckEvidence(check: item.number, verdict: .humanNeeded, message: message)
        }
    }

    /// What the check evaluates to.
    func values(_ item: CheckOrder.Item) throws(TaskError) -> JSONValue {
        try assignment.evaluate(item.check.template)
    }

    func context(_ item: CheckOrder.Item, usual: Duration) throws(TaskError) -> ToolContext {
        let span = item.check.timeout ?? usual
        var context = try settings.context(
            for: assignment,
            key: "\(assignment.idempotencyKey)/check\(item.number + 1)",
            timeout: min(span, assignment.timeout ?? span),
            cancellation
        )
        tree?.enter(&context)
        return context
    }

    /// The working tree of the task, which is looked at in place of the workspace.
    private var tree: WorkTree? {
        WorkTree.existing(of: assignment.idempotencyKey, workspace: settings.workspace(of: assignment.run))
    }

    // MARK: Files

    /// Larger files are looked at only from outside.
    private static let fileLimit: Int64 = 64 << 20

    private func fileEvidence(_ item: CheckOrder.Item) async throws(TaskError) -> CheckEvidence {
        let path = try values(item).text("path") ?? ""
        let context = try context(item, usual: .seconds(60))
        let source = item.check.source
        let isRead = source["hash"] != nil || source["pattern"] != nil
        let pattern: Pattern?
        do throws(PatternError) {
            pattern = try source.text("pattern").map { text throws(PatternError) in try Pattern(text) }
        } catch {
            throw .argument("pattern", "is no regular expression: \(error)")
        }
        do throws(TaskError) {
            let found = try await WorkspaceFolder.run(context) { _ throws(TaskError) in
                let file = try WorkspaceFolder(context).open(path, O_RDONLY)
                guard let entry = file.entry, entry.kind == .file else { throw .failed("\(path) is no file") }
                guard entry.size <= Self.fileLimit || !isRead else {
                    throw .failed("\(path) has \(entry.size) bytes, more than are read")
                }
                guard entry.size <= Self.fileLimit else { return FoundFile(size: entry.size, hash: nil, isMatch: true) }
                guard let bytes = file.readAll(limit: Int(Self.fileLimit)) else { throw WorkspaceFolder.error(path) }
                let isMatch = pattern?.matches(utf8: bytes) ?? true
                return FoundFile(size: Int64(bytes.count), hash: SHA256.hex(bytes), isMatch: isMatch)
            }
            return found.evidence(item, path)
        } catch {
            // A file that is not there is what the check looks for.
            guard error.details?["errno"] == .int(Int64(ENOENT)) || error.message == "\(path) is no file" else {
                throw error
            }
            let message = error.message
            return CheckEvidence(
                check: item.number,
                verdict: .gapsFound,
                message: message,
                details: ["path": .string(path), "exists": false]
            )
        }
    }

    // MARK: What changed

    private func diffEvidence(_ item: CheckOrder.Item) async throws(TaskError) -> CheckEvidence {
        let context = try context(item, usual: .seconds(60))
        var since: JSONObject = ["repo": "."]
        let entries: JSONValue?
        if let base = tree?.base {
            // Everything is committed there.
            since["base"] = .string(base)
            entries = try await GitDiff().call(.object(since), context: context).output["files"]
        } else {
            entries = try await GitStatus().call(["repo": "."], context: context).output["entries"]
        }
        let paths = (entries?.arrayValue ?? []).compactMap { $0.text("path") }
        let patterns = item.check.source.texts("writes").map { Definition.PathPattern($0) }
        let stray = paths.filter { path in !patterns.contains { $0.includes(path) } }
        var details: JSONObject = [
            "changed": .int(Int64(paths.count)), "paths": .array(paths.prefix(100).map { .string($0) }),
            "outside": .array(stray.prefix(100).map { .string($0) }),
        ]
        if let stat = try? await GitDiff().call(.object(since), context: context).output["files"]?.arrayValue {
            details["added"] = .int(stat.reduce(0) { $0 + ($1["added"]?.intValue ?? 0) })
            details["removed"] = .int(stat.reduce(0) { $0 + ($1["removed"]?.intValue ?? 0) })
        }
        let message =
            paths.isEmpty
            ? "nothing has changed"
            : stray.isEmpty ? "" : "outside of what may change: \(stray.prefix(20).joined(separator: ", "))"
        return CheckEvidence(
            check: item.number,
            verdict: message.isEmpty ? .passed : .gapsFound,
            message: message,
            details: details
        )
    }
}

/// A file as a check found it.
private struct FoundFile: Sendable {
    let size: Int64
    let hash: String?
    let isMatch: Bool

    func evidence(_ item: CheckOrder.Item, _ path: String) -> CheckEvidence {
        let source = item.check.source
        var details: JSONObject = ["path": .string(path), "exists": true, "size": .int(size)]
        details["sha256"] = hash.map(JSONValue.string)
        var gaps: [String] = []
        if let least = source["size"]?.intValue, size < least {
            gaps.append("\(path) has \(size) bytes, less than \(least)")
        }
        if let wanted = source.text("hash"), wanted.removingHashPrefix.lowercased() != hash {
            gaps.append("\(path) has another hash: sha256:\(hash ?? "")")
        }
        if !isMatch { gaps.append("\(path) has nothing that matches `\(source.text("pattern") ?? "")`") }
        return CheckEvidence(
            check: item.number,
            verdict: gaps.isEmpty ? .passed : .gapsFound,
            message: gaps.joined(separator: "; "),
            details: details
        )
    }
}

extension String {
    fileprivate var removingHashPrefix: String { hasPrefix("sha256:") ? String(dropFirst(7)) : self }
}
