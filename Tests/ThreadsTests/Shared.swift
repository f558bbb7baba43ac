// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A value that several threads change; a class, because `#expect` copies what it looks at.
final class Shared<Value: Sendable>: Sendable {
    private let content: Mutex<Value>

    init(_ value: Value) {
        content = Mutex(value)
    }

    var value: Value { content.withLock { $0 } }

    @discardableResult
    func change<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        content.withLock { value in
            var copy = value
            defer { value = copy }
            return body(&copy)
        }
    }
}
