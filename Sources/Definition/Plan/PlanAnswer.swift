// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// The answer of a language model that was asked for a plan (spec 9.2).
///
/// Models put code fences and sentences around the JSON they were asked for and commas before its closing brackets.
/// All this is tolerated; anything else that is no JSON is refused.
public enum PlanAnswer {
    /// The longest answer, in bytes.
    public static let byteLimit = 4 << 20

    /// Finds the JSON in an answer: of several objects one with `tasks`, else the longest. Takes time in proportion to
    /// the length.
    ///
    /// - Throws: What is wrong, as a diagnostic with code E613; line and column are those of the answer.
    public static func json(from text: String) throws(PlanAnswerError) -> JSONValue {
        let bytes = Array(text.utf8)
        guard bytes.count <= byteLimit else {
            throw PlanAnswerError("the answer has \(bytes.count) bytes; at most \(byteLimit) are allowed", at: 0, bytes)
        }
        var best: JSONCandidate?
        var failure: PlanAnswerError?
        for start in starts(bytes) {
            var scanner = JSONSpanScanner(bytes: bytes, index: start)
            while let span = scanner.next() {
                do {
                    let candidate = try JSONCandidate(span, bytes)
                    if best.map({ $0.isWorse(than: candidate) }) ?? true { best = candidate }
                } catch {
                    if failure == nil || span.count > 80 { failure = error }
                }
            }
            if let best, best.value.objectValue != nil { return best.value }
        }
        if let best { return best.value }
        throw failure ?? PlanAnswerError("the answer holds no whole JSON object; give nothing but one", at: 0, bytes)
    }

    /// Where to begin: at the top, and if a bracket of the prose spoils that, after the first code fences.
    private static func starts(_ bytes: [UInt8]) -> [Int] {
        var starts = [0]
        var index = 0
        while index + 2 < bytes.count, starts.count <= fenceLimit {
            if bytes[index] == fence, bytes[index + 1] == fence, bytes[index + 2] == fence {
                index += 3
                starts.append(index)
            } else {
                index += 1
            }
        }
        return starts
    }

    /// How many code fences are tried, so that the time stays in proportion.
    private static let fenceLimit = 4
    private static let fence = UInt8(ascii: "`")
}

/// Why there is no plan in an answer.
public struct PlanAnswerError: Error, Sendable {
    /// E613, with the line and column in the answer.
    public let diagnostic: Diagnostic

    init(_ message: String, at offset: Int, _ bytes: [UInt8]) {
        let before = bytes[..<min(offset, bytes.count)]
        let lineStart = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        diagnostic = Diagnostic(
            code: .unreadablePlan,
            severity: .error,
            message: message,
            path: "",
            line: before.count { $0 == 0x0a } + 1,
            column: before[lineStart...].count { $0 & 0xc0 != 0x80 } + 1,
            related: [],
            fix: nil
        )
    }
}

/// A value found in an answer.
private struct JSONCandidate {
    let value: JSONValue
    private let length: Int

    init(_ span: JSONSpanScanner.Span, _ bytes: [UInt8]) throws(PlanAnswerError) {
        // A comma becomes a blank, so that offsets stay what they are.
        var text = Array(bytes[span.range])
        for comma in span.commas { text[comma - span.range.lowerBound] = UInt8(ascii: " ") }
        do {
            value = try JSONValue(parsing: text)
        } catch {
            let message = "the answer is no valid JSON: \(error.message)"
            throw PlanAnswerError(message, at: span.range.lowerBound + error.offset, bytes)
        }
        length = span.count
    }

    func isWorse(than other: Self) -> Bool { rank < other.rank }

    private var rank: (Int, Int) {
        let kind = value.objectValue.map { $0["tasks"] == nil ? 1 : 2 } ?? 0
        return (kind, length)
    }
}

/// Finds what stands between matching brackets.
private struct JSONSpanScanner {
    let bytes: [UInt8]
    var index: Int

    struct Span {
        let range: Range<Int>
        /// Commas before closing brackets.
        let commas: [Int]
        var count: Int { range.count }
    }

    /// The next outermost brackets that are closed; each byte is looked at once.
    mutating func next() -> Span? {
        while index < bytes.count, !Self.opens(bytes[index]) { index += 1 }
        guard index < bytes.count else { return nil }
        let start = index
        var depth = 0
        var comma: Int?
        var commas: [Int] = []
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                skipString()
                comma = nil
                continue
            case UInt8(ascii: ","): comma = index
            case 0x20, 0x09, 0x0a, 0x0d: break
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if let comma { commas.append(comma) }
                comma = nil
                depth -= 1
            default:
                if Self.opens(byte) { depth += 1 }
                comma = nil
            }
            index += 1
            if depth == 0 { return Span(range: start..<index, commas: commas) }
        }
        return nil
    }

    private mutating func skipString() {
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        index = min(index + 1, bytes.count)
    }

    private static func opens(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") }
}
