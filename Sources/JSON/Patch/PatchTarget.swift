// Baton
// SPDX-License-Identifier: Apache-2.0

/// A value that a patch is being applied to. Containers are changed in place; what is shared with others is copied once,
/// one container at a time.
struct PatchTarget {
    /// Why an operation does not fit; the place is added by the caller.
    struct Failure: Error {
        let code: JSONPatchError.Code
        let message: String
        /// Whether it is about `from` instead of `path`.
        var isSource = false
    }

    /// Deeper values could not be read again.
    static let maxDepth = 1_024

    private(set) var value: JSONValue
    private let rules: JSONPatch.Rules
    private var copyBytesLeft: Int
    /// The value is nested no deeper than this; `nil` until somebody needs to know.
    private var depthBound: Int?

    init(_ value: JSONValue, rules: JSONPatch.Rules) {
        self.value = value
        self.rules = rules
        copyBytesLeft = rules.limits.maxCopiedBytes
    }

    mutating func apply(_ operation: JSONPatch.Operation) throws(Failure) {
        switch operation {
        case .add(let path, let new):
            try makeRoom(new, at: path)
            try edit(path, .add(new))
        case .remove(let path): try edit(path, .remove)
        case .replace(let path, let new):
            try makeRoom(new, at: path)
            try edit(path, .replace(new))
        case .move(let from, let path): try move(from, path)
        case .copy(let from, let path): try copy(from, path)
        case .test(let path, let expected):
            guard try PatchPlace.find(path, in: value, rules) == expected else {
                throw Failure(code: .testFailed, message: "the value there is not the expected one")
            }
        }
    }

    private mutating func move(_ from: JSONPointer, _ path: JSONPointer) throws(Failure) {
        let moved = try source(from)
        if from.isPrefix(of: path) {
            guard from.tokens.count < path.tokens.count else { return }
            throw Failure(code: .pathNotFound, message: "nothing can be moved into itself")
        }
        try makeRoom(moved, from: from, to: path)
        try edit(from, .remove)
        try edit(path, .add(moved))
    }

    private mutating func copy(_ from: JSONPointer, _ path: JSONPointer) throws(Failure) {
        let copy = try source(from)
        guard let extent = JSONExtent(copy, byteLimit: copyBytesLeft) else {
            let limit = rules.limits.maxCopiedBytes
            throw Failure(code: .tooLarge, message: "the copies of the patch add more than \(limit) bytes")
        }
        copyBytesLeft -= extent.bytes
        try makeRoom(depth: path.tokens.count + extent.depth)
        try edit(path, .add(copy))
    }

    private func source(_ from: JSONPointer) throws(Failure) -> JSONValue {
        do throws(Failure) { return try PatchPlace.find(from, in: value, rules) } catch {
            throw Failure(code: error.code, message: error.message, isSource: true)
        }
    }

    private mutating func edit(_ path: JSONPointer, _ change: PatchPlace.Change) throws(Failure) {
        guard path.tokens.isEmpty else {
            return try PatchPlace.edit(&value, path.tokens[...], change, rules)
        }
        switch change {
        case .add(let new), .replace(let new): value = new
        case .remove: throw Failure(code: .pathNotFound, message: "the whole value cannot be removed")
        }
    }
}

// Nesting: whatever is built up will be written, compared and freed by recursion.
extension PatchTarget {
    private mutating func makeRoom(_ new: JSONValue, at path: JSONPointer) throws(Failure) {
        let depth = JSONExtent(new, byteLimit: .max)?.depth ?? 0
        try makeRoom(depth: path.tokens.count + depth)
    }

    private mutating func makeRoom(depth: Int) throws(Failure) {
        guard depth <= Self.maxDepth else { throw tooDeep() }
        if let bound = depthBound { depthBound = max(bound, depth) }
    }

    /// What is moved is not measured each time: the bound grows by as much as the move goes down, and only when it gets
    /// too large the value is measured again.
    private mutating func makeRoom(_ moved: JSONValue, from: JSONPointer, to path: JSONPointer) throws(Failure) {
        let down = path.tokens.count - from.tokens.count
        guard down > 0 else { return }
        if depthBound == nil { depthBound = try measure(value) }
        if let bound = depthBound, bound + down > Self.maxDepth {
            depthBound = max(try measure(value), path.tokens.count + (try measure(moved)))
        } else if let bound = depthBound {
            depthBound = bound + down
        }
        if let bound = depthBound, bound > Self.maxDepth { throw tooDeep() }
    }

    /// Measuring again and again is work of the same kind as copying, and bounded with it.
    private mutating func measure(_ value: JSONValue) throws(Failure) -> Int {
        guard let extent = JSONExtent(value, byteLimit: .max) else { return 0 }
        if depthBound != nil { copyBytesLeft -= extent.bytes }
        guard copyBytesLeft >= 0 else {
            throw Failure(code: .tooLarge, message: "the moves of the patch cost too much")
        }
        return extent.depth
    }

    private func tooDeep() -> Failure {
        Failure(code: .tooLarge, message: "the result would be nested deeper than \(Self.maxDepth)")
    }
}
