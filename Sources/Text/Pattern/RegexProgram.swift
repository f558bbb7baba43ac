// Baton
// SPDX-License-Identifier: Apache-2.0

/// A regular expression as instructions for a matcher whose time is proportional to the text (Thompson, 1968).
struct RegexProgram: Sendable {
    static let sizeLimit = 10_000

    enum Instruction: Sendable {
        case scalar(UInt32)
        case set(Int)
        case assertion(RegexAssertion)
        case split(Int, Int)
        case jump(Int)
        case accept
    }

    private(set) var instructions: [Instruction] = []
    let sets: [RegexClass]
    /// Bounds the work of writing out repetitions, also of those that produce no instruction.
    private(set) var work = 0

    init(_ pattern: String, syntax: Pattern.Syntax) throws(PatternError) {
        let (root, sets) = try RegexParser.parse(pattern, syntax: syntax)
        self.sets = sets.map { RegexClass($0) }
        try emit(root)
        try append(.accept)
    }

    private mutating func append(_ instruction: Instruction) throws(PatternError) {
        try count()
        instructions.append(instruction)
    }

    private mutating func count() throws(PatternError) {
        work += 1
        guard work <= Self.sizeLimit else { throw .limit("the pattern is too large") }
    }

    private mutating func emit(_ syntax: RegexSyntax) throws(PatternError) {
        try count()
        switch syntax {
        case .empty: break
        case .scalar(let scalar): try append(.scalar(scalar))
        case .set(let index): try append(.set(index))
        case .assertion(let assertion): try append(.assertion(assertion))
        case .sequence(let parts):
            for part in parts { try emit(part) }
        case .alternatives(let branches): try emit(branches)
        case .repetition(let part, let minimum, let maximum): try emit(part, minimum, maximum)
        }
    }

    private mutating func emit(_ branches: [RegexSyntax]) throws(PatternError) {
        var ends: [Int] = []
        for (index, branch) in branches.enumerated() {
            guard index < branches.count - 1 else {
                try emit(branch)
                break
            }
            let split = instructions.count
            try append(.split(split + 1, 0))
            try emit(branch)
            ends.append(instructions.count)
            try append(.jump(0))
            instructions[split] = .split(split + 1, instructions.count)
        }
        for end in ends { instructions[end] = .jump(instructions.count) }
    }

    private mutating func emit(_ part: RegexSyntax, _ minimum: Int, _ maximum: Int?) throws(PatternError) {
        for _ in 0..<minimum { try emit(part) }
        guard let maximum else {
            let split = instructions.count
            try append(.split(split + 1, 0))
            try emit(part)
            try append(.jump(split))
            instructions[split] = .split(split + 1, instructions.count)
            return
        }
        var splits: [Int] = []
        for _ in minimum..<maximum {
            splits.append(instructions.count)
            try append(.split(instructions.count + 1, 0))
            try emit(part)
        }
        for split in splits { instructions[split] = .split(split + 1, instructions.count) }
    }
}
