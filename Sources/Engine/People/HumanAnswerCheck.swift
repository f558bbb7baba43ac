// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Whether an answer fits its request.
struct HumanAnswerCheck {
    let request: HumanRequest

    /// The choice it makes. Who refuses need not fill in the form.
    func check(_ answer: HumanAnswer) throws(Refusal) -> HumanChoice {
        guard let choice = request.choice(answer.choice) else {
            let known = request.choices.map { "`\($0.id)`" }.joined(separator: ", ")
            throw .invalid("`\(answer.choice)` is no choice of \(request.id); there are \(known)")
        }
        if request.needsComment(choice), answer.comment?.isEmpty ?? true {
            throw .invalid("`\(choice.id)` needs a comment that says why")
        }
        try checkValues(answer.values, choice)
        return choice
    }

    private func checkValues(_ values: JSONObject, _ choice: HumanChoice) throws(Refusal) {
        guard !JSONValue.object(values).isLargerThan(HumanAnswer.valuesLimit) else {
            throw .invalid("the values of an answer are at most 1 MiB; put more into a file and name it")
        }
        if request.purpose == .review { return try checkReview(values, choice) }
        guard let form = request.form else {
            guard let first = values.keys.first else { return }
            throw .invalid(
                "\(request.id) asks for no values",
                [InputViolation(pointer: JSONPointer.root.appending(first).description, message: "is not asked for")]
            )
        }
        guard !choice.isRejection || !values.isEmpty else { return }
        try check(values, form)
    }

    /// `retry` takes `guidance`, `take_over` needs `result`.
    private func checkReview(_ values: JSONObject, _ choice: HumanChoice) throws(Refusal) {
        try check(values, HumanRequest.reviewForm)
        guard choice.id == "take_over", values["result"] == nil else { return }
        let violation = InputViolation(pointer: "/result", message: "is required")
        throw .invalid("`take_over` needs the value `result`, which becomes the output of the task", [violation])
    }

    private func check(_ values: JSONObject, _ form: JSONValue) throws(Refusal) {
        let violations: [InputViolation]
        do throws(JSONSchemaError) {
            violations = try JSONSchema(form, options: .strict).validate(.object(values)).map {
                InputViolation(pointer: $0.instancePointer.description, message: $0.message)
            }
        } catch {
            throw .invalid("the form of \(request.id) is no JSON Schema: \(error)")
        }
        guard violations.isEmpty else { throw .invalid("the values do not fit the form of \(request.id)", violations) }
    }

    /// `user:ID`, `role:NAME` or `owner`.
    static func isAssignee(_ text: String) -> Bool {
        guard text != "owner" else { return true }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && (parts[0] == "user" || parts[0] == "role") && !parts[1].isEmpty
    }
}

extension HumanRequest {
    /// What an answer to a review may hold.
    static let reviewForm: JSONValue = [
        "type": "object",
        "properties": [
            "guidance": ["type": "string", "maxLength": 8192, "description": "goes along with the next attempt"],
            "result": ["description": "becomes the output of the task"],
        ],
        "additionalProperties": false,
    ]
}
