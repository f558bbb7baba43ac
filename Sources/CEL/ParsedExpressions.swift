// Baton
// SPDX-License-Identifier: Apache-2.0

/// Expressions that were parsed before, by their text, so that each is parsed once. For one piece of work on one thread,
/// such as a compilation.
public final class ParsedExpressions {
    private var known: [String: CELExpression] = [:]

    /// Knows nothing yet.
    public init() {}

    /// The expression, parsed now unless it is known.
    ///
    /// - Throws: `syntax`, `limit` or `unknownFunction`, each with an offset; every time for the same text.
    public func expression(_ source: String) throws(CELError) -> CELExpression {
        if let known = known[source] { return known }
        let expression = try CELExpression(source)
        known[source] = expression
        return expression
    }
}
