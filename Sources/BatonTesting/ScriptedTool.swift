// Baton
// SPDX-License-Identifier: Apache-2.0

/// A tool that does what a test says instead of what it does.
public struct ScriptedTool: Sendable {
    /// What one call does, and how long it takes.
    public struct Answer: Sendable {
        enum End: Sendable {
            case returns(JSONValue)
            case fails(TaskError)
            case hangs
        }
        let end: End
        var duration = Duration.milliseconds(1)

        /// The call gives that value.
        public static func returns(_ value: JSONValue) -> Self { Self(end: .returns(value)) }

        /// The call fails; the class decides whether the node tries again.
        public static func fails(
            _ errorClass: ErrorClass,
            code: String = "tool.failed",
            message: String = "as the test says"
        ) -> Self {
            Self(end: .fails(TaskError(code: code, errorClass: errorClass, message: message)))
        }

        /// The call never ends: only a timeout or a cancellation ends it.
        public static var hangs: Self { Self(end: .hangs) }

        /// The same, after that long.
        public func after(_ span: Duration) -> Self {
            Self(end: end, duration: span)
        }
    }
    let answer: @Sendable (ToolCall, Int) -> Answer

    /// Answers calls in the order in which they begin; the last answer stands for all further ones.
    public init(_ first: Answer, _ rest: Answer...) {
        let answers = [first] + rest
        answer = { _, number in answers[min(number, answers.count - 1)] }
    }

    /// Answers from what a call is made with.
    public init(_ answer: @escaping @Sendable (ToolCall) -> Answer) {
        self.answer = { call, _ in answer(call) }
    }

    /// Gives back its arguments.
    public static var echo: Self { Self { .returns($0.arguments) } }
}

/// A call that a workflow made.
public struct ToolCall: Sendable, Equatable {
    /// The tool; `http` for nodes of that kind.
    public let tool: String
    /// The node.
    public let node: String
    /// The passes and items the task belongs to, outermost first.
    public let place: [Int]
    /// The number of the attempt, from 1.
    public let attempt: Int
    /// The evaluated arguments; for `http` nodes the evaluated `config`.
    public let arguments: JSONValue
    /// The same for all attempts of the task.
    public let idempotencyKey: String
}
