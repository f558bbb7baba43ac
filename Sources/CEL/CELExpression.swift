// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// A parsed and checked expression; evaluating it does not look at the text again.
///
/// Unless options say otherwise, the text may have 8 KiB and 32 brackets inside each other. An evaluation counts one
/// step for every part of the expression it visits, every element it touches and every 64 bytes it copies or compares.
public struct CELExpression: Sendable {
    /// A chain `root.a.b["c"]` that the expression reads, up to the first dynamic index or call.
    public struct Reference: Sendable, Equatable {
        /// The variable.
        public let root: String
        /// Fields and constant string keys after it.
        public let path: [String]
        /// Read inside `has(…)` or the first argument of `default(…)`: a missing field is fine.
        public let isTested: Bool
        /// UTF-8 byte offset of the variable in the text.
        public let offset: Int
    }

    /// What the parser accepts.
    public struct Options: Sendable {
        /// Bytes of the text.
        public var byteLimit: Int
        /// Brackets inside each other; each takes about 2 KiB of the thread's stack, at parsing and at evaluation.
        public var depthLimit: Int
        /// Calls of unknown functions fail when they are evaluated instead of when they are parsed.
        public var defersUnknownFunctions: Bool
        /// `cel.block`, `cel.index`, `cel.iterVar` and `cel.accuVar`, which only tests write, are understood.
        public var hasTestMacros: Bool

        /// Puts bounds and exceptions together.
        public init(byteLimit: Int, depthLimit: Int, defersUnknownFunctions: Bool, hasTestMacros: Bool) {
            self.byteLimit = byteLimit
            self.depthLimit = depthLimit
            self.defersUnknownFunctions = defersUnknownFunctions
            self.hasTestMacros = hasTestMacros
        }

        /// What workflows may use: 8 KiB, depth 32, no exceptions.
        public static let standard = Options(
            byteLimit: 8192,
            depthLimit: 32,
            defersUnknownFunctions: false,
            hasTestMacros: false
        )
    }

    /// Steps of one evaluation when the caller gives no other bound.
    public static let defaultStepLimit = 1_000_000

    /// The text.
    public let source: String
    /// Every read of a variable, in the order of the text.
    public let references: [Reference]
    let root: Node

    /// Parses and checks `source`.
    ///
    /// - Throws: `syntax`, `limit` or `unknownFunction`, each with an offset.
    public init(_ source: String, options: Options = .standard) throws(CELError) {
        self.source = source
        root = try Parser.parse(source, options)
        references = ReferenceCollector.references(in: root)
    }

    /// No variable is read: the value is always the same.
    public var isConstant: Bool { references.isEmpty }

    /// The value of the expression.
    ///
    /// - Throws: `failed` or `cost`.
    public func evaluate(
        in scope: some CELScope,
        stepLimit: Int = defaultStepLimit
    ) throws(CELError) -> CELValue {
        var evaluator = Evaluator(scope: scope, stepLimit: stepLimit)
        return try evaluator.evaluate(root)
    }

    /// The value as JSON, its size bounded by the steps that are left after evaluation.
    ///
    /// A value taken whole from a document is not counted; one that the expression put together is.
    ///
    /// - Throws: `failed` or `cost`.
    public func json(
        in scope: some CELScope,
        stepLimit: Int = defaultStepLimit
    ) throws(CELError) -> JSONValue {
        var evaluator = Evaluator(scope: scope, stepLimit: stepLimit)
        return try evaluator.boundedJSON(try evaluator.evaluate(root))
    }

    /// Evaluates a condition; anything but a bool is an error.
    ///
    /// - Throws: `failed` or `cost`.
    public func condition(
        in scope: some CELScope,
        stepLimit: Int = defaultStepLimit
    ) throws(CELError) -> Bool {
        let value = try evaluate(in: scope, stepLimit: stepLimit)
        guard case .bool(let isTrue) = value else {
            throw .failed("the condition is a \(value.typeName), not a bool", at: 0)
        }
        return isTrue
    }
}
