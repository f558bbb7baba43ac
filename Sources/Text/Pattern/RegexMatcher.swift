// Baton
// SPDX-License-Identifier: Apache-2.0

/// Follows all ways through a program at once (Pike), so that no pattern makes it go back in the text.
struct RegexMatcher {
    private let program: RegexProgram
    /// Instructions to look at for the current character.
    private var current: [Int] = []
    private var following: [Int] = []
    /// For each instruction the last place in the text at which it was reached.
    private var reached: [Int]
    private var pending: [Int] = []
    private var visits = 0

    init(_ program: RegexProgram) {
        self.program = program
        reached = Array(repeating: -1, count: program.instructions.count)
    }

    /// Whether the pattern occurs anywhere in `text`; `nil` when `allowed` visits were not enough.
    mutating func matches(_ text: String, visits allowed: inout Int) -> Bool? {
        allowed -= program.instructions.count / 8
        var previous: UInt32?
        var place = 0
        var rest = text.unicodeScalars.makeIterator()
        var scalar = rest.next()?.value
        while true {
            if add(0, at: place, previous, scalar) { return true }
            allowed -= visits
            visits = 0
            guard allowed >= 0 else { return nil }
            guard let character = scalar else { return false }
            let upcoming = rest.next()?.value
            following.removeAll(keepingCapacity: true)
            swap(&current, &following)
            place += 1
            for address in following where consumes(address, character) {
                if add(address + 1, at: place, character, upcoming) { return true }
            }
            previous = character
            scalar = upcoming
        }
    }

    private mutating func consumes(_ address: Int, _ scalar: UInt32) -> Bool {
        switch program.instructions[address] {
        case .scalar(let wanted): return scalar == wanted
        case .set(let index):
            if scalar >= 128 { visits += program.sets[index].cost }
            return program.sets[index].contains(scalar)
        default: return false
        }
    }

    /// Reaches `address` and all that follows without a character; true when that accepts.
    private mutating func add(_ address: Int, at place: Int, _ previous: UInt32?, _ next: UInt32?) -> Bool {
        pending.append(address)
        while let address = pending.popLast() {
            visits += 1
            guard reached[address] != place else { continue }
            reached[address] = place
            switch program.instructions[address] {
            case .accept:
                pending.removeAll(keepingCapacity: true)
                return true
            case .jump(let target): pending.append(target)
            case .split(let first, let second):
                pending.append(second)
                pending.append(first)
            case .assertion(let assertion):
                if assertion.holds(previous, next) { pending.append(address + 1) }
            default: current.append(address)
            }
        }
        return false
    }
}

extension RegexAssertion {
    /// Whether it holds between two characters; nil stands for the ends of the text.
    func holds(_ previous: UInt32?, _ next: UInt32?) -> Bool {
        switch self {
        case .textStart: previous == nil
        case .textEnd: next == nil
        case .lineStart: previous == nil || previous == 10
        case .lineEnd: next == nil || next == 10
        case .wordBoundary: isWord(previous) != isWord(next)
        case .notWordBoundary: isWord(previous) == isWord(next)
        }
    }

    private func isWord(_ scalar: UInt32?) -> Bool {
        scalar.map { scalar in RegexSet.word.ranges.contains { $0.contains(scalar) } } ?? false
    }
}
