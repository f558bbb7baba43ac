// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// The statuses that count as success.
struct StatusExpectation: Sendable {
    private var ranges: [ClosedRange<Int>] = []

    /// Reads a status (`204`), a class (`"2xx"`), or a list of both.
    init(_ value: JSONValue) throws(TaskError) {
        for item in value.arrayValue ?? [value] {
            guard let range = Self.range(item) else {
                throw .argument("expect", "holds \(item.text), which is no status")
            }
            ranges.append(range)
        }
        guard !ranges.isEmpty else { throw .argument("expect", "holds no status") }
    }

    func includes(_ status: Int) -> Bool {
        ranges.contains { $0.contains(status) }
    }

    private static func range(_ value: JSONValue) -> ClosedRange<Int>? {
        if let text = value.stringValue, text.hasSuffix("xx"), text.utf8.count == 3, let digit = Int(text.prefix(1)),
            (1...5).contains(digit)
        {
            return (digit * 100)...(digit * 100 + 99)
        }
        let number = value.intValue.map { Int($0) } ?? value.stringValue.flatMap { Int($0) }
        guard let number, (100...599).contains(number) else { return nil }
        return number...number
    }
}
