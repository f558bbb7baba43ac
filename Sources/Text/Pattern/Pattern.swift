// Baton
// SPDX-License-Identifier: Apache-2.0

/// A regular expression whose matching takes time in proportion to the text, whatever the expression.
///
/// What needs going back in the text (references to earlier groups, looking ahead or behind) is refused. The source may
/// have 8 KiB; repetitions count up to 1,000, and written out the pattern may have 10,000 parts.
public struct Pattern: Sendable {
    /// How the source is read.
    public enum Syntax: Sendable {
        /// RE2 (`https://github.com/google/re2/wiki/Syntax`): the one of the expression language.
        case re2
        /// ECMA-262 with the flag `u`: the one of JSON Schema. Any punctuation may follow a backslash.
        case ecma
    }

    /// The text given.
    public let source: String
    private let program: RegexProgram

    /// Reads a pattern.
    ///
    /// - Throws: `syntax` or `limit`.
    public init(_ source: String, syntax: Syntax = .re2) throws(PatternError) {
        self.source = source
        program = try RegexProgram(source, syntax: syntax)
    }

    /// How much work reading the pattern was, in the unit of `matches(_:visits:)`; at most 10,000.
    public var size: Int { program.work }

    /// Whether the pattern occurs anywhere in the text.
    public func matches(_ text: String) -> Bool {
        var visits = Int.max
        return matches(text, visits: &visits) ?? false
    }

    /// Whether the pattern occurs anywhere in bytes of UTF-8; what is no UTF-8 reads as U+FFFD.
    public func matches(utf8: some Collection<UInt8>) -> Bool {
        matches(String(decoding: utf8, as: UTF8.self))
    }

    /// Whether the pattern occurs anywhere in the text, with a bound on the work.
    ///
    /// - Parameter visits: How many parts of the pattern may be looked at, about 20 ns each; what is left afterwards.
    /// - Returns: `nil` when the visits were used up before the answer was known.
    public func matches(_ text: String, visits: inout Int) -> Bool? {
        var matcher = RegexMatcher(program)
        return matcher.matches(text, visits: &visits)
    }
}
