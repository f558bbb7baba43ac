// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import JSON
public import Model

/// A working tree of a task's own, with a branch of its own, for a program that may change files and make commits.
///
/// It is a repository that borrows the objects of another one, which its program sees read-only, so nothing the program
/// writes is in that one: no hook, no configuration. Commits reach it as objects that were checked, by ``deliver(_:isFinished:_:)``.
public struct WorkTree: Sendable {
    /// Of which repository.
    public struct Wish: Sendable {
        /// An absolute path, or one beneath the workspace.
        public var repository: String
        /// A revision of it; its `HEAD` when missing.
        public var base: String?
        /// The idempotency key of the task.
        public var key: String
        /// The name for commits.
        public var author: String
        /// What the task may see.
        public var permission: ToolPermission

        /// A wish.
        public init(repository: String, base: String?, key: String, author: String, permission: ToolPermission) {
            (self.repository, self.base, self.key) = (repository, base, key)
            (self.author, self.permission) = (author, permission)
        }
    }

    let folder: TaskFolder
    var record: TreeRecord
    let key: String
    let author: String

    /// The commit that it began from.
    public var base: String { record.base }
    /// Its branch.
    public var branch: String { record.branch }

    init(folder: TaskFolder, record: TreeRecord, key: String, author: String) {
        (self.folder, self.record, self.key, self.author) = (folder, record, key, author)
    }

    /// The tree in which an earlier attempt of a task worked; `nil` when there is none.
    static func existing(of key: String, workspace: String) -> WorkTree? {
        let folder = TaskFolder(workspace: workspace, key: key)
        guard GitHome.isFolder(folder.tree, followsLinks: false), let record = TreeRecord(in: folder) else {
            return nil
        }
        return WorkTree(folder: folder, record: record, key: key, author: "baton")
    }

    /// The tree of the task: that of its earlier attempts, or a new one. The folder of the task has to be there.
    ///
    /// - Throws: `agent.repository` when there is no repository or no such commit.
    public static func open(_ wish: Wish, _ context: ToolContext) async throws(TaskError) -> WorkTree {
        let home = try GitHome(wish.repository, context, wish.permission)
        let folder = TaskFolder(workspace: context.workspace, key: wish.key)
        guard folder.markUnsaved() else {
            throw .failed("\(folder.unsaved) cannot be made: \(systemError())", .transient)
        }
        let record: TreeRecord
        if let known = TreeRecord(in: folder) {
            guard known.repository == home.commonFolder else {
                throw .repository("the task has a working tree of \(known.repository) already")
            }
            record = known
        } else {
            record = TreeRecord(
                repository: home.commonFolder,
                objects: home.objectFolders,
                base: try await commit(wish.base, home, folder, context),
                branch: BranchName.branch(of: wish.key)
            )
            try record.save(in: folder)
        }
        let tree = WorkTree(folder: folder, record: record, key: wish.key, author: wish.author)
        if !GitHome.isFolder(folder.tree, followsLinks: false) { try await tree.make(context) }
        return tree
    }

    /// Calls and programs work in the tree from now on.
    public func enter(_ context: inout ToolContext) {
        context.workspace = folder.tree
        context.sandbox.shownPaths += record.objects
    }

    /// The context for git, which sees nothing outside of the tree that its program did not see.
    ///
    /// What is forbidden within the tree is there for git, or it would be committed as gone.
    public func forGit(_ context: ToolContext, _ permission: ToolPermission) -> ToolContext {
        var program = context
        enter(&program)
        permission.bound(&program)
        var own = context
        own.sandbox.forbiddenPaths = program.sandbox.forbiddenPaths.filter { !$0.isInside(folder.tree) }
        return own
    }

    // MARK: Making

    private static func commit(
        _ revision: String?,
        _ home: GitHome,
        _ folder: TaskFolder,
        _ context: ToolContext
    ) async throws(TaskError) -> String {
        let base = revision ?? "HEAD"
        guard !base.isEmpty, !base.hasPrefix("-"), base.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw .argument("base", "is no revision")
        }
        let script = GitScript(
            text: #"git rev-parse --verify --quiet --end-of-options "$BASE^{commit}" || echo none"#,
            folder: try empty(folder.making),
            shown: [home.gitFolder, home.commonFolder] + home.objectFolders,
            values: ["GIT_DIR": home.gitFolder, "BASE": base]
        )
        let lines = GitRepository.lines(try await script.run(context, "looking into the repository"))
        guard let commit = lines.last, isCommit(commit) else {
            throw .repository(
                revision == nil
                    ? "the repository has no commit yet; make one, or name another `base`"
                    : "the repository has no commit \(base)"
            )
        }
        return commit
    }

    private func make(_ context: ToolContext) async throws(TaskError) {
        let script = GitScript(
            text: "find . -mindepth 1 -delete\n\(Self.begin)\ngit reset --hard --quiet",
            folder: try Self.empty(folder.making),
            shown: record.objects,
            values: beginValues(at: record.base)
        )
        _ = try await script.run(context, "making a working tree")
        guard rename(folder.making, folder.tree) == 0 else {
            throw .failed("\(folder.tree) cannot be made: \(systemError())", .transient)
        }
    }

    /// A repository in the current folder that borrows objects. What is in the folder stays.
    static let begin = """
        git init --quiet --template= --object-format="$FORMAT" --initial-branch="$BRANCH" .
        printf '%s\\n' "$OBJECTS" > .git/objects/info/alternates
        git config user.name "$NAME"
        git config user.email "$EMAIL"
        git update-ref "refs/heads/$BRANCH" "$COMMIT"
        """

    func beginValues(at commit: String) -> [String: String] {
        [
            "BRANCH": record.branch, "COMMIT": commit, "OBJECTS": record.objects.first ?? "", "NAME": author,
            "EMAIL": "\(author)@baton.invalid", "FORMAT": commit.utf8.count == 64 ? "sha256" : "sha1",
        ]
    }

    /// Makes a folder if it is not there.
    static func empty(_ path: String) throws(TaskError) -> String {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw .failed("\(path) cannot be made: \(systemError())", errno == ENOSPC ? .transient : .permanent)
        }
        return path
    }

    static func isCommit(_ text: String) -> Bool {
        [40, 64].contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
