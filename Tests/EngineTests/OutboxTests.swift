// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import Testing

@testable import Engine

/// What leaves the engine comes at least once, in order, and with the fact it tells of.
@Suite(.timeLimit(.minutes(5))) struct OutboxTests {
    private static let yaml = """
        workflow: ask
        nodes:
          - {id: a, type: tool, config: {tool: noop}}
          - {id: ask, type: human, config: {message: Go?}, depends_on: [a]}
        """

    private struct Unreachable: Error {}

    @Test func `announced events come in order, also after failures of the other side`() async throws {
        var harness = EngineHarness()
        harness.announced = [.humanTaskOpened, .runCompleted]
        let seen = Mutex2<[String]>([])
        try await harness.withEngine(echo) { engine in
            async let delivery: Void = engine.deliverOutbox(to: "mail", pause: .milliseconds(1)) { message in
                let count = seen.withLock { seen in
                    seen.append("\(message.number) \(message.content.kind) \(message.content.target)")
                    return seen.count
                }
                if count == 1 { throw Unreachable() }
            }
            let run = try await harness.start(Self.yaml, on: engine)
            _ = try await harness.wait(for: run, on: engine) { $0.status == .waiting }
            let open = try harness.store.humanTasks(.pending())
            _ = try await engine.decide(try #require(open.first?.id), approve: true, comment: nil, by: "user:a")
            _ = try await engine.wait(for: run)
            while seen.withLock({ $0.count }) < 3 { await Task.yield() }
            await engine.stop(grace: .zero)
            try await delivery
        }
        #expect(
            seen.withLock { $0 } == [
                "1 human_task.opened ask", "1 human_task.opened ask", "2 run.completed ask",
            ]
        )
    }

    @Test func `what was not delivered before the end comes after it, what was does not`() async throws {
        var harness = EngineHarness()
        harness.announced = [.taskCompleted]
        let seen = Mutex2<[Int64]>([])
        let one = "workflow: one\nnodes: [{id: a, type: tool, config: {tool: noop}}]"
        for round in 1...2 {
            try await harness.withEngine(worker: "w\(round)", echo) { engine in
                async let delivery: Void = engine.deliverOutbox(to: "feed") { message in
                    seen.withLock { $0.append(message.number) }
                }
                let run = try await harness.start(one, on: engine)
                _ = try await engine.wait(for: run)
                while seen.withLock({ $0.count }) < round { await Task.yield() }
                // The note of the delivery follows it; a position that is stored ends the wait.
                while try harness.store.cursor(of: "feed") < Int64(round) { await Task.yield() }
                await engine.stop(grace: .zero)
                try await delivery
            }
        }
        #expect(seen.withLock { $0 } == [1, 2])
    }
}
