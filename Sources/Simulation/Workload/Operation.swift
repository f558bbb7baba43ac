// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON
internal import Model

/// Something that a client of the engine does, in milliseconds since the start.
struct Operation: Sendable, CustomStringConvertible {
    enum Kind: Sendable {
        /// Starts the run, with a graph of the library.
        case start(graph: Int)
        /// Starts a run under the id of another one, with other inputs.
        case startOther(graph: Int)
        case pause
        case resume
        case cancel(compensate: Bool)
        /// Undoes what the run did, if it ended.
        case rollBack
        case update(priority: Int)
        /// Answers the n-th request that is open then.
        case decide(request: Int, isApproved: Bool, by: String)
        /// Two people answer the same request, at the same time.
        case decideBoth(request: Int)
        case signal(type: String, key: String?, dedupeKey: String)
        case broadcast(type: String, dedupeKey: String)
    }
    let at: Int64
    /// The run, by the number that the case gives it.
    let run: Int
    let kind: Kind

    var description: String { "\(at) ms: \(kind) on run \(run)" }

    /// Half-way through a case's runs, every operation there is.
    static func plan(_ random: inout SeededRandom) -> [Operation] {
        let runs = random.draw(1...5)
        var plan: [Operation] = []
        var starts: [Int64] = []
        for run in 0..<runs {
            let start = Operation(
                at: random.span(0...20_000),
                run: run,
                kind: .start(graph: random.draw(0...GraphLibrary.count - 1))
            )
            plan.append(start)
            starts.append(start.at)
            if random.happens(250) {
                plan.append(Operation(at: start.at + random.span(0...9_000), run: run, kind: start.kind))
            }
            if random.happens(80) {
                let other = Kind.startOther(graph: random.draw(0...GraphLibrary.count - 1))
                plan.append(Operation(at: start.at + random.span(100...9_000), run: run, kind: other))
            }
        }
        var weights: [(inout SeededRandom, Int) -> Kind] = [
            { random, _ in
                .decide(
                    request: random.draw(0...3),
                    isApproved: random.happens(600),
                    by: random.pick(["user:ann", "user:bob"])
                )
            },
            { random, _ in .decideBoth(request: random.draw(0...3)) },
            { random, number in
                .signal(
                    type: random.pick(DocumentGenerator.signals),
                    key: random.happens(500) ? "k" : nil,
                    dedupeKey: random.happens(300) ? "same" : "s\(number)"
                )
            },
            { random, number in .broadcast(type: random.pick(DocumentGenerator.signals), dedupeKey: "b\(number)") },
            { random, _ in random.happens(500) ? .pause : .resume },
            { random, _ in random.happens(300) ? .rollBack : .resume },
            { random, _ in .update(priority: random.draw(0...1000)) },
            { random, _ in random.happens(300) ? .cancel(compensate: random.happens(400)) : .resume },
        ]
        weights.removeAll { _ in random.happens(400) }
        guard !weights.isEmpty else { return plan.sorted { $0.at < $1.at } }
        for number in 0..<random.draw(0...14) {
            let run = random.draw(0...runs - 1)
            // Some come before their run is there.
            let at = max(0, starts[run] + random.span(-2_000...60_000))
            plan.append(Operation(at: at, run: run, kind: random.pick(weights)(&random, number)))
        }
        return plan.sorted { $0.at < $1.at }
    }
}
