// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension ReplyDraft {
    /// Turns a text that is nothing but calls into calls: `{"name", "arguments"}` of a tool that was offered, alone or one
    /// a line or in a list, bare, in a fence of code or between `<tool_call>` tags.
    mutating func readCallsInText() {
        guard !request.tools.isEmpty, !hasTools, let place = wordsPlace, case .text(let text) = blocks[place] else {
            return
        }
        let calls = Self.values(in: text).map { $0.compactMap(call) }
        let count = Self.values(in: text)?.count ?? 0
        guard let calls, !calls.isEmpty, calls.count == count else { return }
        remove(at: place)
        for (number, call) in calls.enumerated() {
            open(.tool(id: madeID(number), name: call.name, arguments: call.arguments))
        }
        notes.append("calls were read from the text of the answer")
    }

    private var wordsPlace: Int? {
        let places = blocks.indices.filter { if case .text = blocks[$0] { true } else { false } }
        return places.count == 1 ? places[0] : nil
    }

    private func call(_ json: JSONValue) -> (name: String, arguments: String)? {
        let function = json["function"].flatMap { $0.objectValue == nil ? nil : $0 } ?? json
        guard let name = function.text("name"), request.tools.contains(where: { $0.name == name }) else { return nil }
        let arguments = function["arguments"] ?? function["parameters"] ?? [:]
        return (name, arguments.stringValue ?? arguments.text)
    }

    private static func values(in text: String) -> [JSONValue]? {
        var rest = text[...].trimmingBlanks()
        for tag in ["<tool_call>", "</tool_call>", "```json", "```"] { rest = rest.replacing(tag, with: "\n") }
        rest = rest.trimmingBlanks()
        guard rest.first == "{" || rest.first == "[" else { return nil }
        if let value = try? JSONValue(parsing: String(rest)) { return value.arrayValue ?? [value] }
        let lines = rest.split(whereSeparator: \.isNewline).map { $0.trimmingBlanks() }.filter { !$0.isEmpty }
        let values = lines.compactMap { try? JSONValue(parsing: String($0)) }
        return values.count == lines.count ? values : nil
    }
}

extension Substring {
    fileprivate func trimmingBlanks() -> Substring {
        var rest = self
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return rest
    }
}
