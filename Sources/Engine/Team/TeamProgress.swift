// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

/// How far several agents are with one task. Seats are numbered over all rounds: seat n is that of agent n modulo their count.
struct TeamProgress: Sendable, Equatable {
    /// Who works, in order.
    var agents: [String]
    /// The next seat to begin.
    var next = 0
    /// Seats that are taken.
    var open = 0
    /// What was given, by seat.
    var results: [Int: Payload] = [:]
    /// Why it was not, by seat.
    var failures: [Int: TaskError] = [:]

    init(agents: [String]) {
        self.agents = agents
    }

    func agent(of seat: Int) -> String { agents.isEmpty ? "" : agents[seat % agents.count] }

    mutating func start(first: Int, count: Int) {
        next = first + count
        open += count
    }

    mutating func end(_ seat: Int, _ result: Payload) {
        open -= 1
        results[seat] = result
    }

    mutating func end(_ seat: Int, _ error: TaskError) {
        open -= 1
        failures[seat] = error
    }

    /// The seats that gave something, in order.
    var given: [(seat: Int, output: JSONValue)] {
        results.sorted { $0.key < $1.key }.map { ($0.key, $0.value.value) }
    }

    /// The name of each agent as the key of what it gave: one that works twice has a number.
    var names: [String] {
        var counts: [String: Int] = [:]
        return agents.map { agent in
            counts[agent, default: 0] += 1
            let count = counts[agent] ?? 1
            return count == 1 ? agent : "\(agent)_\(count)"
        }
    }
}

/// Answers that are the same.
struct Ballot {
    /// One answer, with the seats that gave it, the first first.
    struct Group {
        var answer: JSONValue
        var seats: [Int]
    }

    /// The most frequent first; of equal ones the one that was given by the earlier seat.
    let groups: [Group]

    init(_ given: some Sequence<(seat: Int, output: JSONValue)>) {
        var groups: [Group] = []
        var known: [[UInt8]: Int] = [:]
        for (seat, output) in given {
            let answer = Self.answer(in: output)
            let key = answer.canonicalBytes()
            if let index = known[key] {
                groups[index].seats.append(seat)
            } else {
                known[key] = groups.count
                groups.append(Group(answer: answer, seats: [seat]))
            }
        }
        self.groups = groups.sorted { ($1.seats.count, $0.seats[0]) < ($0.seats.count, $1.seats[0]) }
    }

    /// The answer that at least this share of all agents gave, if it is more than any other.
    func winner(of count: Int, threshold: Double) -> Group? {
        guard let first = groups.first, Double(first.seats.count) >= threshold * Double(count) else { return nil }
        let isTie = groups.count > 1 && groups[1].seats.count == first.seats.count
        return isTie ? nil : first
    }

    /// What counts of an output: its data, else its words without blanks around them.
    private static func answer(in output: JSONValue) -> JSONValue {
        guard let object = output.objectValue, let text = object["text"]?.stringValue, let data = object["data"] else {
            return output
        }
        guard data.isNull else { return data }
        var words = Substring(text)
        while words.first?.isWhitespace == true { words.removeFirst() }
        while words.last?.isWhitespace == true { words.removeLast() }
        return .string(String(words))
    }
}
