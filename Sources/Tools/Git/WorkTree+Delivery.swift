// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Glibc
public import JSON
public import Model

/// What came of the work in a tree.
public struct TreeDelivery: Sendable, Equatable {
    /// The branch of the repository that has it; `nil` when nothing was changed.
    public let branch: String?
    /// The commit that the work began from.
    public let base: String
    /// Its last commit.
    public let commit: String
    /// What differs between them, the first thousand paths.
    public let files: [String]
    /// How many commits lie between them.
    public let commits: Int
    /// The tree has commits besides these, which stay there.
    public let leavesOthers: Bool

    /// For the output of a node.
    public var json: JSONValue {
        [
            "branch": branch.map(JSONValue.string) ?? .null, "base": .string(base), "commit": .string(commit),
            "files": .array(files.map { .string($0) }), "commits": .int(Int64(commits)),
        ]
    }

    /// For people.
    public var lines: [String] {
        let first =
            branch.map { "the branch \($0) is at \(commit), \(commits) commits after \(base)" }
            ?? "nothing was changed since \(base)"
        return leavesOthers ? [first, "the working tree has other commits as well, and is kept"] : [first]
    }
}

extension WorkTree {
    /// Commits what is left, and takes all commits into the repository; may be done again at any time.
    ///
    /// Whatever touches the tree sees no more than its program did. The repository gets nothing but a file of objects, which
    /// git checks, and a branch.
    ///
    /// - Throws: `agent.repository`; the tree then keeps everything.
    public func deliver(_ title: String, isFinished: Bool, _ context: ToolContext) async throws(TaskError)
        -> TreeDelivery
    {
        let message = BranchName.message(title, isFinished: isFinished, key: key)
        let packed: Packed
        do throws(TaskError) {
            packed = try await pack(message, context)
        } catch {
            // The program may have made anything of it; its files are there.
            guard error.code == "agent.repository" else { throw error }
            try await repair(context)
            packed = try await pack(message, context)
        }
        var delivery = TreeDelivery(
            branch: nil,
            base: base,
            commit: base,
            files: [],
            commits: 0,
            leavesOthers: packed.leavesOthers
        )
        if packed.commit != base {
            delivery = try await settle(try await receive(packed.commit, context), packed, context)
            var record = record
            record.delivered = packed.commit
            try record.save(in: folder)
        }
        unlink("\(folder.pack)/pack")
        if packed.leavesOthers {
            _ = folder.markUnsaved()
        } else if access("\(folder.path)/damaged", F_OK) != 0 {
            unlink(folder.unsaved)
        }
        return delivery
    }

    // MARK: In the tree

    struct Packed {
        let commit: String
        let leavesOthers: Bool
    }

    private static let packing = """
        find "$GIT_DIR" -type f -name '*.lock' -delete
        git add --all .
        git diff --cached --quiet HEAD || git commit --quiet --no-verify --no-gpg-sign --cleanup=whitespace -F - >&2
        commit=$(git rev-parse --verify "HEAD^{commit}")
        printf '%s %s\\n' "$commit" "$(git rev-list --count --all --not "$commit" "$BASE")"
        printf '%s\\n^%s\\n' "$commit" "$BASE" | git pack-objects --quiet --revs --stdout > "$PACK"
        """

    private func pack(_ message: String, _ context: ToolContext) async throws(TaskError) -> Packed {
        guard GitHome.isFolder("\(folder.tree)/.git", followsLinks: false) else {
            throw .repository("the working tree has no repository any more")
        }
        let room = try Self.empty(folder.pack)
        // Not over what was left there, whatever it is.
        unlink("\(room)/pack")
        var script = GitScript(text: Self.packing, folder: folder.tree, shown: record.objects, room: room)
        script.input = Array(message.utf8)
        script.values = [
            "GIT_DIR": "\(folder.tree)/.git", "GIT_WORK_TREE": folder.tree, "BASE": base, "PACK": "\(room)/pack",
            "GIT_AUTHOR_NAME": author, "GIT_AUTHOR_EMAIL": "\(author)@baton.invalid",
            "GIT_COMMITTER_NAME": author, "GIT_COMMITTER_EMAIL": "\(author)@baton.invalid",
        ]
        let lines = GitRepository.lines(try await script.run(context, "committing the work"))
        let words = (lines.last ?? "").split(separator: " ").map(String.init)
        guard words.count == 2, Self.isCommit(words[0]), let others = Int(words[1]) else {
            throw .repository("the working tree does not say its commit")
        }
        return Packed(commit: words[0], leavesOthers: others > 0)
    }

    /// Puts a new repository in the place of one that is broken; all files stay, and what it was is kept beside the tree.
    private func repair(_ context: ToolContext) async throws(TaskError) {
        let places = ["damaged", "damaged-2", "damaged-3", "damaged-4"].map { "\(folder.path)/\($0)" }
        guard let free = places.first(where: { access($0, F_OK) != 0 }) else {
            throw .repository("the repository of the working tree was broken again and again; \(folder.path) has them")
        }
        guard rename("\(folder.tree)/.git", free) == 0 || errno == ENOENT else {
            throw .repository("the repository of the working tree cannot be replaced: \(systemError())")
        }
        let script = GitScript(
            text: "\(Self.begin)\ngit reset --quiet",
            folder: folder.tree,
            shown: record.objects,
            values: beginValues(at: record.delivered ?? base)
        )
        _ = try await script.run(context, "repairing the working tree")
    }

    // MARK: In the repository

    /// `--strict` refuses objects that are broken, lead to missing ones, or would write to `.git` when checked out.
    private static let receiving = """
        git index-pack --stdin --strict < "$PACK" >&2
        git rev-list --objects --quiet "$COMMIT" --not --all
        ask() { if git merge-base --is-ancestor "$1" "$2"; then echo yes; else echo no; fi; }
        git for-each-ref --format='%(refname) %(objectname) %(if)%(worktreepath)%(then)yes%(else)no%(end)' \\
            "refs/heads/$BRANCH" "refs/heads/$BRANCH.other*" > /tmp/branches
        while read -r name commit held; do
            echo "$name $commit $held $(ask "$commit" "$COMMIT") $(ask "$COMMIT" "$commit")"
        done < /tmp/branches
        """

    private func receive(_ commit: String, _ context: ToolContext) async throws(TaskError) -> BranchName.Choice {
        let pack = Descriptor(Glibc.open("\(folder.pack)/pack", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC))
        guard pack?.entry?.kind == .file else { throw .repository("the commits of the working tree are not there") }
        var script = repositoryScript(Self.receiving, commit)
        script.room = folder.pack
        script.values["PACK"] = "\(folder.pack)/pack"
        let found = BranchName.found(try await script.run(context, "taking commits into the repository"))
        guard let choice = BranchName.choose(branch, commit: commit, among: found) else {
            throw .repository("the branch \(branch) and all names beside it have other commits")
        }
        return choice
    }

    private static let settling = """
        if [ -n "$OLD" ]; then git update-ref "refs/heads/$NAME" "$COMMIT" "$OLD"; fi
        git rev-list --count "$BASE..$COMMIT"
        git diff-tree -r --name-only -z --no-renames --no-ext-diff "$BASE" "$COMMIT" | head -z -n 1000
        """

    private func settle(
        _ choice: BranchName.Choice,
        _ packed: Packed,
        _ context: ToolContext
    ) async throws(TaskError) -> TreeDelivery {
        var script = repositoryScript(Self.settling, packed.commit)
        let name: String
        switch choice {
        case .has(let branch): name = branch
        case .move(let branch, let old):
            name = branch
            // Zeros: it must not be there.
            script.values["OLD"] = old ?? String(repeating: "0", count: packed.commit.utf8.count)
        }
        script.values["NAME"] = name
        let bytes = try await script.run(context, "moving the branch \(name)")
        let count = bytes.prefix { $0 != 10 }
        let files = GitRepository.fields(Array(bytes.dropFirst(count.count + 1))).filter { !$0.isEmpty }
        return TreeDelivery(
            branch: name,
            base: base,
            commit: packed.commit,
            files: files,
            commits: Int(String(decoding: count, as: UTF8.self)) ?? 0,
            leavesOthers: packed.leavesOthers
        )
    }

    /// Only objects and branches may change; configuration and hooks may not.
    private func repositoryScript(_ text: String, _ commit: String) -> GitScript {
        var script = GitScript(text: text, folder: record.repository, shown: Array(record.objects.dropFirst()))
        script.writePaths = ["objects", "refs", "logs", "reftable"].map { "\(record.repository)/\($0)" }
        script.values = [
            "GIT_DIR": record.repository, "COMMIT": commit, "BASE": base, "BRANCH": branch, "OLD": "",
        ]
        return script
    }
}
