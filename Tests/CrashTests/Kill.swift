// Baton
// SPDX-License-Identifier: Apache-2.0

import Model

@testable import Tools

/// When a process is killed.
enum Kill: CustomStringConvertible {
    /// By itself, when it reaches that point for the so-many-th time.
    case point(CrashPoint, Int)
    /// After it has written that many lines.
    case line(Int)
    /// After that time.
    case time(Duration)
    /// When a descriptor becomes readable.
    case signal(Descriptor)

    var description: String {
        switch self {
        case .point(let point, let hit): "\(point.rawValue):\(hit)"
        case .line(let number): "line \(number)"
        case .time(let delay): "after \(delay)"
        case .signal: "on a signal"
        }
    }
}

/// What a cycle starts.
enum Verb: String, CaseIterable {
    case start, resume, approve, retry
}

/// Random numbers that a seed repeats (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31
    }
}

/// The kills of one cycle, in the order in which its processes start.
protocol KillPlan {
    /// The kill for the next process, which does `verb`; `nil` lets it live.
    mutating func next(for verb: Verb) -> Kill?
}

/// Nobody dies.
struct NoKills: KillPlan {
    mutating func next(for verb: Verb) -> Kill? { nil }
}

/// The first two processes of each verb die at one point.
struct PointKills: KillPlan {
    let point: CrashPoint
    let hit: Int
    private var left = Dictionary(uniqueKeysWithValues: Verb.allCases.map { ($0, 2) })

    init(_ point: CrashPoint, hit: Int) {
        self.point = point
        self.hit = hit
    }

    mutating func next(for verb: Verb) -> Kill? {
        guard let count = left[verb], count > 0 else { return nil }
        left[verb] = count - 1
        return .point(point, hit)
    }
}

/// Up to five processes die at random moments, often several in a row.
struct RandomKills: KillPlan {
    /// What a cycle without kills took, by verb.
    struct Measure {
        var lines: [Verb: Int] = [:]
        var durations: [Verb: Duration] = [:]
    }

    private let measure: Measure
    private var random: SeededRandom
    private var left = 5

    init(seed: UInt64, _ measure: Measure) {
        self.measure = measure
        random = SeededRandom(seed: seed)
    }

    mutating func next(for verb: Verb) -> Kill? {
        let isWanted = left == 5 || Int.random(in: 0..<3, using: &random) > 0
        guard left > 0, isWanted else { return nil }
        left -= 1
        // A resumed run may be at its beginning, so it may take as long as a whole one.
        let model = verb == .resume || verb == .retry ? .start : verb
        if Int.random(in: 0..<3, using: &random) > 0 {
            let lines = max(1, measure.lines[model] ?? 1)
            return .line(Int.random(in: 1...(verb == .resume ? max(1, lines / 2) : lines), using: &random))
        }
        let duration = measure.durations[model] ?? .milliseconds(300)
        return .time(duration * Double.random(in: 0...1, using: &random))
    }
}

/// Only one process dies: the first that does `verb`.
struct OneKill: KillPlan {
    let verb: Verb
    private var kill: Kill?

    init(_ kill: Kill, in verb: Verb) {
        self.kill = kill
        self.verb = verb
    }

    mutating func next(for verb: Verb) -> Kill? {
        guard verb == self.verb else { return nil }
        defer { kill = nil }
        return kill
    }
}
