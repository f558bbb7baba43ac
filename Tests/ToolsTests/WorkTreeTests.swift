// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Testing
import Threads

@testable import Tools

/// Working trees with the real git in the real sandbox.
@Suite(
    .timeLimit(.minutes(5)),
    .enabled(if: ProgramSearch.find("git") != nil, "git is not installed"),
    .enabled("bubblewrap cannot start here") { await Sandbox().probe() == .available }
)
struct WorkTreeTests {
    private static let key = "r1/fix"
    private static let branch = "baton/r1/fix"

    /// A folder with a repository `repo` of one commit, a workspace `ws/r1`, and the folder of the task.
    private func withRepository(_ body: (String) async throws -> Void) async throws {
        try await withFolder { folder in
            try await git(
                """
                mkdir -p '\(folder)/ws/r1' '\(folder)/ws/r1.agents/fix' '\(folder)/repo'; cd '\(folder)/repo'
                git init -q -b main .; echo one > one; mkdir sub; echo two > sub/two
                git add .; git commit -qm first; echo dirty > dirty; echo staged >> one; git add one
                """
            )
            try await body(folder)
        }
    }

    @discardableResult
    private func git(_ script: String) async throws -> String {
        let result = try await shell(
            """
            set -e; export HOME=/nonexistent GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b.example
            export GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@d.example
            \(script)
            """
        )
        #expect(result.ending == .exited(0), "\(result.errors.text)")
        return String(result.output.text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }

    private func open(
        _ folder: String,
        repository: String? = nil,
        base: String? = nil,
        key: String = key
    ) async throws -> WorkTree {
        mkdir(TaskFolder(workspace: "\(folder)/ws/r1", key: key).path, 0o700)
        let wish = WorkTree.Wish(
            repository: repository ?? "\(folder)/repo",
            base: base,
            key: key,
            author: "fixer",
            permission: ToolPermission()
        )
        return try await WorkTree.open(wish, plain(folder))
    }

    private func plain(_ folder: String) -> ToolContext { context("\(folder)/ws/r1") }

    /// What the program of an agent does.
    private func work(_ script: String, _ tree: WorkTree, _ folder: String) async throws {
        var context = plain(folder)
        tree.enter(&context)
        let program = Program(
            path: "/bin/sh",
            arguments: ["-c", "set -e\n\(script)"],
            workingDirectory: context.workspace
        )
        let result = try await Sandbox(context.sandbox).run(program, workspace: context.workspace).result
        #expect(result.ending == .exited(0), "\(result.errors.text)")
    }

    private func deliver(_ tree: WorkTree, _ folder: String, isFinished: Bool = true) async throws -> TreeDelivery {
        try await tree.deliver("Fix it", isFinished: isFinished, plain(folder))
    }

    private func isUnsaved(_ folder: String) -> Bool { content("\(folder)/ws/r1.agents/fix/unsaved") != nil }

    @Test func `work goes to a branch, what is left is committed, and the checkout stays as it was`() async throws {
        try await withRepository { folder in
            let repository = "\(folder)/repo"
            let before = try await git(
                "cd '\(repository)'; git status --porcelain; md5sum .git/index .git/config .git/HEAD"
            )
            let tree = try await open(folder)
            #expect(tree.branch == Self.branch && isUnsaved(folder))
            try await work(
                """
                [ "$(cat one)" = one ] && [ ! -e dirty ] && [ "$(git branch --show-current)" = \(Self.branch) ]
                echo 1 > made; git add made; git commit -qm 'My own'; echo 2 > left; rm sub/two
                """,
                tree,
                folder
            )
            let delivery = try await deliver(tree, folder)
            #expect(delivery.branch == Self.branch && delivery.commits == 2 && !delivery.leavesOthers)
            #expect(delivery.files == ["left", "made", "sub/two"] && delivery.base == tree.base)
            #expect(!isUnsaved(folder))
            #expect(
                try await git("cd '\(repository)'; git status --porcelain; md5sum .git/index .git/config .git/HEAD")
                    == before
            )
            let log = try await git("cd '\(repository)'; git log --format='%s|%an|%ae' \(Self.branch)")
            #expect(log == "Fix it|fixer|fixer@baton.invalid\nMy own|fixer|fixer@baton.invalid\nfirst|A|a@b.example")
            let body = try await git("cd '\(repository)'; git log -1 --format=%b \(Self.branch)")
            #expect(body == "Baton-Run: r1\nBaton-Task: fix")
            #expect(try await git("cd '\(repository)'; git rev-parse \(Self.branch)") == delivery.commit)
            // Once more is the same.
            let same = try await deliver(tree, folder)
            #expect(same == delivery)
            try await git("cd '\(repository)'; git fsck --strict --no-dangling")
        }
    }

    @Test func `without a change there is no commit and no branch`() async throws {
        try await withRepository { folder in
            let tree = try await open(folder)
            let delivery = try await deliver(tree, folder)
            #expect(
                delivery.branch == nil && delivery.commits == 0 && delivery.commit == tree.base
                    && delivery.files.isEmpty
            )
            #expect(try await git("cd '\(folder)/repo'; git branch --list 'baton/*'") == "" && !isUnsaved(folder))
        }
    }

    @Test func `a later attempt goes on in the same tree, whatever was left`() async throws {
        try await withRepository { folder in
            let tree = try await open(folder)
            try await work("echo 1 > a; touch .git/index.lock .git/refs/heads/\(Self.branch).lock", tree, folder)
            // As if the process had died while it made the tree, or while it brought the work to the repository.
            try put("x", "\(folder)/ws/r1.agents/fix/making/half")
            try put("x", "\(folder)/ws/r1.agents/fix/pack/pack")
            let again = try await open(folder, base: "HEAD~5")
            #expect(again.base == tree.base)
            let first = try await deliver(again, folder, isFinished: false)
            #expect(first.commits == 1)
            #expect(try await git("cd '\(folder)/repo'; git log -1 --format=%s \(Self.branch)") == "Unfinished: Fix it")
            try await work("echo 2 > b", again, folder)
            let second = try await deliver(try await open(folder), folder)
            #expect(second.branch == Self.branch && second.commits == 2 && second.files == ["a", "b"])
        }
    }

    @Test func `a tree that was half made is made anew`() async throws {
        try await withRepository { folder in
            let tree = try await open(folder)
            let place = "\(folder)/ws/r1.agents/fix"
            #expect(rename("\(place)/tree", "\(place)/making") == 0)
            try put("x", "\(place)/making/one")
            try put("", "\(place)/making/.git/index.lock")
            let again = try await open(folder)
            #expect(again.base == tree.base && content("\(place)/tree/one") == "one\n")
        }
    }

    @Test func `commits of others are never lost`() async throws {
        try await withRepository { folder in
            let tree = try await open(folder)
            try await work("echo 1 > a", tree, folder)
            #expect(try await deliver(tree, folder).branch == Self.branch)
            // The program writes history anew.
            try await work("git commit -q --amend -m Other", tree, folder)
            #expect(try await deliver(tree, folder).branch == "\(Self.branch).other1")
            // The user works on the branch.
            try await git("cd '\(folder)/repo'; git stash -q; git checkout -q \(Self.branch).other1")
            try await work("echo 3 > c", tree, folder)
            #expect(try await deliver(tree, folder).branch == "\(Self.branch).other2")
            #expect(try await git("cd '\(folder)/repo'; git status --porcelain --untracked-files=no") == "")
            // What lies on another branch of the tree is kept there, and said.
            try await work(
                "git checkout -q -b aside; echo 4 > d; git add d; git commit -qm d; git checkout -q -",
                tree,
                folder
            )
            let delivery = try await deliver(tree, folder)
            #expect(delivery.leavesOthers && isUnsaved(folder))
        }
    }

    @Test func `hooks, filters and settings of the tree run nowhere else and reach no repository`() async throws {
        try await withRepository { folder in
            try put(
                "#!/bin/sh\necho ran > '\(folder)/escaped'\n",
                "\(folder)/repo/.git/hooks/reference-transaction",
                mode: 0o755
            )
            let tree = try await open(folder)
            let marks = "echo ran >> '\(folder)/escaped'; touch '\(folder)/repo/.git/escaped'"
            try await work(
                """
                mkdir -p .git/hooks
                for hook in pre-commit post-commit reference-transaction post-checkout pre-auto-gc; do
                    printf '#!/bin/sh\\n%s\\necho yes > hooked\\n' "\(marks)" > .git/hooks/$hook; chmod +x .git/hooks/$hook
                done
                printf '#!/bin/sh\\n%s\\ncat\\n' "\(marks)" > .git/filter; chmod +x .git/filter
                git config core.hooksPath .git/hooks; git config core.fsmonitor "$PWD/.git/filter"
                git config filter.evil.clean "$PWD/.git/filter"; git config uploadpack.packObjectsHook "$PWD/.git/filter"
                git config diff.external "$PWD/.git/filter"; git config gpg.program "$PWD/.git/filter"
                git config commit.gpgSign true; git config remote.o.uploadpack "$PWD/.git/filter"
                git config extensions.partialClone o; git config core.sshCommand "$PWD/.git/filter"
                echo '* filter=evil diff=evil' > .gitattributes; echo text > text
                """,
                tree,
                folder
            )
            let delivery = try await deliver(tree, folder)
            #expect(delivery.files == [".gitattributes", "text"])
            #expect(content("\(folder)/escaped") == nil && content("\(folder)/repo/.git/escaped") == nil)
            #expect(try await git("ls '\(folder)/repo/.git/hooks' | grep -v sample") == "reference-transaction")
            #expect(try await git("cd '\(folder)/repo'; git config --local --list | grep -c evil || true") == "0")
        }
    }

    @Test func `a tree whose repository is gone, a link, or borrows from elsewhere still gives its files`() async throws
    {
        for (number, script) in [
            "rm -rf .git", "rm -rf .git; ln -s /REPO/.git .git", "rm -rf .git; echo 'gitdir: /REPO/.git' > .git",
            "echo /etc > .git/objects/info/alternates", "echo nonsense > .git/HEAD", "echo '[' > .git/config",
            "echo /REPO/.git > .git/commondir", "rm -rf .git; mkfifo .git", "git checkout -q --orphan new",
        ].enumerated() {
            try await withRepository { folder in
                let tree = try await open(folder)
                let before = try await git(
                    "cd '\(folder)/repo'; md5sum .git/config .git/index .git/HEAD; git status --porcelain"
                )
                try await work(
                    "echo work > work\n\(script.replacing("/REPO", with: "\(folder)/repo"))",
                    tree,
                    folder
                )
                let delivery = try await deliver(tree, folder)
                #expect(delivery.branch == Self.branch && delivery.files == ["work"], "\(number)")
                #expect(
                    try await git(
                        "cd '\(folder)/repo'; md5sum .git/config .git/index .git/HEAD; git status --porcelain"
                    )
                        == before,
                    "\(number)"
                )
            }
        }
    }

    @Test func `objects that would write to .git are refused, and the tree is kept`() async throws {
        try await withRepository { folder in
            let tree = try await open(folder)
            try await work(
                """
                blob=$(echo evil | git hash-object -w --stdin)
                inner=$(printf '100644 blob %s\\tconfig\\n' $blob | git mktree)
                outer=$(printf '040000 tree %s\\t.GIT\\n' $inner | git mktree)
                git update-ref refs/heads/\(Self.branch) $(git commit-tree -p HEAD -m evil $outer)
                git read-tree HEAD^
                git update-index --index-info < /dev/null
                """,
                tree,
                folder
            )
            let error = await #expect(throws: TaskError.self) { try await deliver(tree, folder) }
            #expect(error?.code == "agent.repository")
            #expect(try await git("cd '\(folder)/repo'; git branch --list 'baton/*'") == "" && isUnsaved(folder))
        }
    }

    @Test func `repositories of all kinds are taken, and what is none is named`() async throws {
        try await withRepository { folder in
            try await git(
                """
                cd '\(folder)'; git clone -q --bare repo bare; git init -q empty; mkdir plain
                git -C repo worktree add -q ../linked; git clone -q repo ws/r1/inside; git clone -q --shared repo sharing
                ln -s '\(folder)/repo' ws/r1/link; mkdir ws/r1/leads; echo 'gitdir: \(folder)/repo/.git' > ws/r1/leads/.git
                git init -q ws/r1/borrows; rm -r ws/r1/borrows/.git/objects; ln -s '\(folder)/repo/.git/objects' ws/r1/borrows/.git
                git clone -q repo ws/r1/common; echo '\(folder)/repo/.git' > ws/r1/common/.git/commondir
                """
            )
            for (number, name) in ["\(folder)/bare", "\(folder)/linked", "inside", "\(folder)/sharing"].enumerated() {
                let tree = try await open(folder, repository: name, key: "r1/n\(number)")
                try await work("echo 1 > new; git log -1 --format=%s | grep -q first", tree, folder)
                let delivery = try await deliver(tree, folder)
                #expect(delivery.branch == "baton/r1/n\(number)" && delivery.files == ["new"], "\(name)")
            }
            for (name, base, code, words) in [
                ("\(folder)/none", nil, "agent.repository", "no folder"),
                ("\(folder)/plain", nil, "agent.repository", "is no git repository"),
                ("\(folder)/empty", nil, "agent.repository", "no commit yet"),
                ("\(folder)/repo", "nope", "agent.repository", "no commit nope"),
                ("\(folder)/repo", "--all", "validation.failed", "no revision"),
                ("", nil, "validation.failed", "no path"),
                ("link", nil, "tool.denied", "leaves the workspace"), ("../../repo", nil, "tool.denied", "leaves"),
                ("leads", nil, "agent.repository", "is no git repository"),
                ("borrows", nil, "agent.repository", "somewhere else"),
                ("common", nil, "agent.repository", "somewhere else"),
            ] as [(String, String?, String, String)] {
                let error = await #expect(throws: TaskError.self) {
                    try await open(folder, repository: name, base: base, key: "r1/bad")
                }
                #expect(
                    error?.code == code && error?.message.contains(words) == true,
                    "\(name): \(String(describing: error))"
                )
            }
        }
    }

    @Test func `git sees nothing outside of the tree that its program may not see`() async throws {
        try await withRepository { folder in
            let tree = try await open(folder)
            var profile = ToolProfile("narrow")
            profile.forbiddenPaths = ["/usr/share", "sub"]
            var permission = ToolPermission()
            permission.profiles = [profile]
            let context = tree.forGit(plain(folder), permission)
            #expect(context.sandbox.forbiddenPaths == ["/usr/share"])
            #expect(context.workspace == plain(folder).workspace)
            try await work("echo 3 > sub/three", tree, folder)
            #expect(try await tree.deliver("Fix it", isFinished: true, context).files == ["sub/three"])
        }
    }

    @Test func `a repository in a hidden place is refused`() async throws {
        try await withRepository { folder in
            let sandbox = SandboxSettings(isRequired: false, hiddenPaths: ["\(folder)/repo"])
            let error = #expect(throws: TaskError.self) {
                _ = try GitHome("\(folder)/repo", context("\(folder)/ws/r1", sandbox: sandbox))
            }
            #expect(error?.code == "tool.denied")
            var profile = ToolProfile("narrow")
            profile.readPaths = ["/usr"]
            var permission = ToolPermission()
            permission.profiles = [profile]
            let other = #expect(throws: TaskError.self) {
                _ = try GitHome("\(folder)/repo", context("\(folder)/ws/r1"), permission)
            }
            #expect(other?.code == "tool.denied")
        }
    }
}
