// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Names one task of one run: `task_`, the 26 characters of the run's id, and 10 for the place of the task in the run.
///
/// It never changes, names nothing else, and sorts by the time of the run, then by place.
public struct TaskID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The run.
    public let run: RunID
    /// The task in it.
    public let task: TaskRef

    /// Puts an id together.
    public init(run: RunID, task: TaskRef) {
        self.run = run
        self.task = task
    }

    /// Checks and reads the text form; `nil` when it is none.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        let prefix = Array(Self.prefix.utf8)
        guard bytes.count == prefix.count + 26 + Self.digits, bytes.starts(with: prefix) else { return nil }
        let middle = bytes[prefix.count..<(prefix.count + 26)]
        guard let run = RunID("\(RunKind.prefix)_" + String(decoding: middle, as: UTF8.self)) else { return nil }
        var number = 0
        for byte in bytes.suffix(Self.digits) {
            guard let digit = Self.alphabet.firstIndex(of: byte) else { return nil }
            number = number << 5 | digit
        }
        self.init(run: run, task: TaskRef(number: number))
    }

    /// The text form.
    public var description: String {
        var digits = [UInt8](repeating: Self.alphabet[0], count: Self.digits)
        var rest = task.number
        for index in digits.indices.reversed() {
            digits[index] = Self.alphabet[rest & 31]
            rest >>= 5
        }
        let middle = run.description.dropFirst(RunKind.prefix.count + 1)
        return Self.prefix + middle + String(decoding: digits, as: UTF8.self)
    }

    /// By run, then by place.
    public static func < (left: Self, right: Self) -> Bool {
        (left.run, left.task) < (right.run, right.task)
    }

    private static let prefix = "task_"
    /// 50 bits: 20 for the node, 30 for the pass or item.
    private static let digits = 10
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
}

extension RunState {
    /// The id of a task.
    public func id(of task: TaskRef) -> TaskID { TaskID(run: id, task: task) }
}
