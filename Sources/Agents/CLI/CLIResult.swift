// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// What a program said came of its task (spec 9.9): the last `<result>{…}</result>` of its words, or its last words.
struct CLIResult: Equatable {
    /// Without the result.
    let words: String
    /// The value between the tags; `nil` when there are none, or no JSON between them.
    let value: JSONValue?

    /// A result that came another way than by the words.
    init(words: String, value: JSONValue) { (self.words, self.value) = (words, value) }

    init(_ text: String) {
        guard let end = text.lastRange(of: "</result>"),
            let start = String(text[..<end.lowerBound]).lastRange(of: "<result>"),
            let value = try? JSONValue(parsing: String(text[start.upperBound..<end.lowerBound]))
        else {
            (words, self.value) = (text, nil)
            return
        }
        var words = String(text[..<start.lowerBound] + text[end.upperBound...])
        while let last = words.last, last.isWhitespace { words.removeLast() }
        (self.words, self.value) = (words, value)
    }

    /// The output of the node.
    ///
    /// - Throws: `agent.gave_up` when it says so, `output.invalid` for what does not fit the schema.
    func output(_ rule: OutputRule, isSimulated: Bool = false) throws(TaskError) -> JSONValue {
        if let refusal = value.map(\.text).flatMap(OutputRule.refusal) ?? OutputRule.refusal(in: words) {
            throw .gaveUp(refusal)
        }
        if rule.source == nil {
            var output: JSONObject = ["text": .string(words), "data": value ?? OutputRule.data(in: words) ?? .null]
            if isSimulated { output["simulated"] = true }
            return .object(output)
        }
        switch rule.output(of: value?.text ?? words, isSimulated: false) {
        case .success(let output): return output
        case .failure(let violations):
            throw TaskError(
                code: "output.invalid",
                errorClass: .permanent,
                message: "the result does not fit the schema: \(violations.lines.joined(separator: "; "))",
                details: ["text": .string(String(words.suffix(2000)))]
            )
        }
    }
}

extension String {
    fileprivate func lastRange(of text: String) -> Range<Index>? {
        var found: Range<Index>?
        var place = startIndex
        while let range = self[place...].firstRange(of: text) {
            found = range
            place = range.upperBound
        }
        return found
    }
}
