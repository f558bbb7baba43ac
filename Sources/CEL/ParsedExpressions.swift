// Baton
// SPDX-License-Identifier: Apache-2.0

/// Expressions in the order in which they were parsed, for a second reader that meets them in nearly the same order and
/// need not parse them again. For one piece of work on one thread, such as a compilation.
public final class ParsedExpressions {
    private var known: [CELExpression] = []
    /// Where the second reader is; `nil` for the first.
    private var next: Int?

    /// How many expressions the second reader may leave out at a time without losing its place.
    private static let reach = 16

    /// Knows nothing yet.
    public init() {}

    /// The second reader begins.
    public func rewind() { next = 0 }

    /// The expression, parsed unless it comes next.
    ///
    /// - Throws: `syntax`, `limit` or `unknownFunction`, each with an offset.
    public func expression(_ source: String) throws(CELError) -> CELExpression {
        if let next {
            for index in next..<min(next + Self.reach, known.count) where known[index].source == source {
                self.next = index + 1
                return known[index]
            }
            return try CELExpression(source)
        }
        let expression = try CELExpression(source)
        known.append(expression)
        return expression
    }
}
