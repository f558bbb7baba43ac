// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Store
import Testing

@testable import Commands

@Suite struct CommandFailureTests {
    @Test func `every refusal of the engine has its exit code`() {
        let cases: [(EngineError.Code, ExitCode, String)] = [
            (.notFound, .notFound, "not_found"), (.conflict, .conflict, "state.conflict"),
            (.leaseLost, .conflict, "lease.lost"),
            (.humanTaskClosed, .conflict, "human_task.closed"), (.invalid, .usage, "validation.failed"),
            (.storageFull, .unavailable, "storage.full"), (.unavailable, .unavailable, "store.unavailable"),
            (.draining, .unavailable, "draining"), (.corrupted, .unavailable, "internal"),
        ]
        for (code, exit, text) in cases {
            let failure = CommandFailure(EngineError(code, "m"))
            #expect(failure.exit == exit && failure.code == text && failure.message == "m", "\(code)")
        }
    }

    @Test func `every failure of storage has its exit code`() {
        let cases: [(StoreError.Code, String)] = [
            (.full, "storage.full"), (.locked, "store.unavailable"), (.corrupted, "internal"),
            (.newer, "store.unavailable"),
            (.missing, "internal"), (.conflict, "store.unavailable"), (.failed, "store.unavailable"),
        ]
        for (code, text) in cases {
            let failure = CommandFailure(StoreError(code, "m"))
            #expect(failure.exit == .unavailable && failure.code == text, "\(code)")
        }
        #expect(CommandFailure(StoreError(.full, "m")).hint?.contains("nothing that was acknowledged is lost") == true)
    }

    @Test func `exit codes keep their numbers`() {
        #expect(ExitCode.meanings.map(\.code.rawValue) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 130])
    }
}
