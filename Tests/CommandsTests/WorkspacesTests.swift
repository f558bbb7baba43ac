// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Testing
import Tools

@testable import Commands

@Suite struct WorkspacesTests {
    @Test func `a working tree that may have unsaved work stays when its run goes, and is named`() throws {
        let program = try Program()
        let workspaces = Workspaces(dataFolder: program.folder)
        let run = try #require(RunID("run_01jd0000000000000000000000"))
        let place = workspaces.path(of: run)
        _ = try program.shell(
            """
            mkdir -p '\(place)/made' '\(place).agents/fix/tree' '\(place).agents/other/tree'
            touch '\(place).agents/fix/\(TaskFolder.unsavedName)' '\(place).agents/fix/tree/work'
            """
        )
        #expect(
            workspaces.remove(run) == ["\(place).agents/fix/tree is kept: it may have work that is in no repository"]
        )
        #expect(access(place, F_OK) != 0 && access("\(place).agents/other", F_OK) != 0)
        #expect(access("\(place).agents/fix/tree/work", F_OK) == 0)
        unlink("\(place).agents/fix/\(TaskFolder.unsavedName)")
        #expect(workspaces.remove(run) == [] && access("\(place).agents", F_OK) != 0)
    }
}
