// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import Model

/// One life of the engine's process, from its start to its end.
final class SimulatedProcess {
    let engine: SteppedEngine
    let disk: ProcessDisk
    let blobs: SimulatedBlobs
    let answers = AnswerBox()
    /// The name its leases carry.
    let worker: String

    init(_ disk: SimulatedDisk, clock: SimulatedClock, life: Int, plan: SimulationCase) {
        let process = ProcessDisk(disk)
        worker = "p\(life)"
        var configuration = EngineConfiguration(worker: worker)
        var random = SeededRandom(seed: plan.number, for: "configuration")
        configuration.slots = random.pick([1, 2, 4, 8, 64])
        configuration.cachedRuns = random.pick([0, 2, 10_000])
        configuration.rowLag = random.pick([.zero, .milliseconds(250)])
        SimulatedMoney.configure(&configuration, plan)
        self.disk = process
        blobs = SimulatedBlobs(process: process)
        engine = SteppedEngine(
            store: SimulatedStore(process: process),
            blobs: blobs,
            clock: clock,
            configuration: configuration,
            seed: plan.number &* 1_000 &+ UInt64(life),
            traits: SimulatedMoney.traits,
            failStop: { [answers] reason in
                if !process.isDead { answers.stopReason = reason }
                process.die()
            }
        )
        slots = configuration.slots
    }

    let slots: Int
}

/// Collects what an engine answers during a turn. Used by the one thread of a simulation only.
final class AnswerBox: @unchecked Sendable {
    private var answers: [(call: Int, Answer)] = []
    /// Why the process stopped by itself.
    var stopReason: String?
    var adopted: Result<[RunID], EngineError>?

    var isEmpty: Bool { answers.isEmpty }

    func add(_ answer: Answer, to call: Int) {
        answers.append((call, answer))
    }

    func take() -> [(call: Int, Answer)] {
        defer { answers = [] }
        return answers
    }
}

/// What an engine answered.
enum Answer {
    case started(RunID)
    case done(Int64)
    case decided(HumanTaskStatus, by: String?)
    case delivered(Int)
    case refused(EngineError)
}
