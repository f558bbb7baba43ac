// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tools

@Suite
struct BranchNameTests {
    private func found(_ name: String, held: Bool = false, behind: Bool = false, ahead: Bool = false)
        -> BranchName.Found
    {
        BranchName.Found(name: name, commit: "old", isHeld: held, isBehind: behind, isAhead: ahead)
    }

    @Test func `branches are named by run, node and place, in what git takes`() {
        for (key, name) in [
            ("r1/fix", "baton/r1/fix"), ("r1/fix/0/12", "baton/r1/fix/0/12"), ("r1/fix#2", "baton/r1/fix.2"),
            ("r1/all:agent/1#3", "baton/r1/all.agent/1.3"), ("r1/..", "baton/r1/_"), ("r1/a.lock", "baton/r1/a.lock_"),
            ("r1/ä~^:?*[\\ b", "baton/r1/b"), ("r1/a..b.", "baton/r1/a.b"),
        ] {
            #expect(BranchName.branch(of: key) == name)
        }
    }

    @Test func `a branch only moves on, and never where it is checked out`() {
        #expect(BranchName.choose("b", commit: "new", among: []) == .move("b", from: nil))
        #expect(BranchName.choose("b", commit: "old", among: [found("b", held: true)]) == .has("b"))
        #expect(BranchName.choose("b", commit: "new", among: [found("b", ahead: true)]) == .has("b"))
        #expect(BranchName.choose("b", commit: "new", among: [found("b", behind: true)]) == .move("b", from: "old"))
        let held = found("b", held: true, behind: true)
        #expect(BranchName.choose("b", commit: "new", among: [held]) == .move("b.other1", from: nil))
        let other = found("b.other1", behind: true)
        #expect(BranchName.choose("b", commit: "new", among: [found("b"), other]) == .move("b.other1", from: "old"))
        let all = (0..<BranchName.tries).map { found($0 == 0 ? "b" : BranchName.other("b", $0)) }
        #expect(BranchName.choose("b", commit: "new", among: all) == nil)
    }

    @Test func `branches are read from what git says`() {
        let text = "refs/heads/b abc no yes no\nnonsense\nrefs/heads/b.other1 def yes no yes\n"
        #expect(
            BranchName.found(Array(text.utf8)) == [
                .init(name: "b", commit: "abc", isHeld: false, isBehind: true, isAhead: false),
                .init(name: "b.other1", commit: "def", isHeld: true, isBehind: false, isAhead: true),
            ]
        )
    }

    @Test func `the message of a commit is one line of the task, and where it comes from`() {
        let message = BranchName.message("\n  Fix \u{1b}[1m the\tbug\nand more", isFinished: true, key: "r1/fix/0")
        #expect(message == "Fix [1m the bug\n\nBaton-Run: r1\nBaton-Task: fix/0\n")
        let long = BranchName.message(String(repeating: "x", count: 100), isFinished: false, key: "r1/a")
        #expect(long.hasPrefix("Unfinished: \(String(repeating: "x", count: 71))…\n"))
        #expect(BranchName.message(" ", isFinished: true, key: "r1/a").hasPrefix("Work of a\n"))
    }
}
