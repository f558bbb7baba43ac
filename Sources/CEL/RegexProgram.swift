// Baton
// SPDX-License-Identifier: Apache-2.0

/// A regular expression as instructions for a matcher whose time is proportional to the text (Thompson, 1968).
struct RegexProgram: Sendable {
    static let sizeLimit = 10_000

    enum Instruction: Sendable {
        case scalar(UInt32)
        case set(Int)
        case any
        case anyButNewline
        case assertion(RegexAssertion)
        case split(Int, Int)
        case jump(Int)
        case accept
    }

    private(set) var instructions: [Instruction] = []
    private(set) var sets: [RegexSet] = []
    /// Bounds the work of writing out repetitions, also of those that produce no instruction.
    private var work = 0

    /// - Throws: `failed` for a wrong pattern, `limit` for one that is too large.
    init(_ pattern: String) throws(CELError) {
        try emit(try RegexParser.parse(pattern))
        try append(.accept)
    }

    /// Compiles a pattern that became known during an evaluation; its size counts as steps.
    init(_ pattern: String, charge evaluator: inout Evaluator) throws(CELError) {
        try evaluator.charge(pattern.utf8.count)
        try self.init(pattern)
        try evaluator.charge(work)
    }

    private mutating func append(_ instruction: Instruction) throws(CELError) {
        try count()
        instructions.append(instruction)
    }

    private mutating func count() throws(CELError) {
        work += 1
        guard work <= Self.sizeLimit else { throw CELError(code: .limit, message: "the pattern is too large") }
    }

    private mutating func emit(_ syntax: RegexSyntax) throws(CELError) {
        try count()
        switch syntax {
        case .empty: break
        case .scalar(let scalar, let ignoresCase): try emit(scalar, ignoresCase: ignoresCase)
        case .set(let set): try emit(set)
        case .any(let includesNewline): try append(includesNewline ? .any : .anyButNewline)
        case .assertion(let assertion): try append(.assertion(assertion))
        case .sequence(let parts):
            for part in parts { try emit(part) }
        case .alternatives(let branches): try emit(branches)
        case .repetition(let part, let minimum, let maximum): try emit(part, minimum, maximum)
        }
    }

    private mutating func emit(_ scalar: UInt32, ignoresCase: Bool) throws(CELError) {
        let variants = ignoresCase ? RegexSet.caseVariants(scalar) : [scalar]
        guard variants.count > 1 else { return try append(.scalar(scalar)) }
        try emit(RegexSet(ranges: variants.map { $0...$0 }))
    }

    private mutating func emit(_ set: RegexSet) throws(CELError) {
        try append(.set(sets.count))
        sets.append(set)
    }

    private mutating func emit(_ branches: [RegexSyntax]) throws(CELError) {
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

    private mutating func emit(_ part: RegexSyntax, _ minimum: Int, _ maximum: Int?) throws(CELError) {
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
