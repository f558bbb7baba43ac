// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// Checks that the engine makes itself: they need nothing but the output.
extension RunMachine {
    /// What a check of kind `schema` or `expr` finds; `nil` for others.
    func pureEvidence(_ number: Int, _ check: Graph.Check, _ task: TaskRef, _ output: JSONValue) -> CheckEvidence? {
        switch check.kind {
        case .schema: schemaEvidence(number, check.source["schema"] ?? true, output)
        case .expr: check.condition.map { expressionEvidence(number, $0, task, output) }
        case .command, .file, .http, .diff, .judge, .human: nil
        }
    }

    private func schemaEvidence(_ number: Int, _ schema: JSONValue, _ output: JSONValue) -> CheckEvidence {
        let violations: [(pointer: String, message: String)]
        do throws(JSONSchemaError) {
            violations = try JSONSchema(schema).validate(output).prefix(20).map {
                ($0.instancePointer.description, $0.message)
            }
        } catch {
            return CheckEvidence(check: number, verdict: .humanNeeded, message: "the schema cannot be used: \(error)")
        }
        let lines = violations.map { "\($0.pointer.isEmpty ? "the output" : $0.pointer): \($0.message)" }
        return CheckEvidence(
            check: number,
            verdict: violations.isEmpty ? .passed : .gapsFound,
            message: lines.joined(separator: "; "),
            details: [
                "violations": .array(
                    violations.map { ["pointer": .string($0.pointer), "message": .string($0.message)] }
                )
            ]
        )
    }

    private func expressionEvidence(
        _ number: Int,
        _ condition: CELExpression,
        _ task: TaskRef,
        _ output: JSONValue
    ) -> CheckEvidence {
        var extra = state.locals(of: task)
        extra["output"] = output
        let scope = state.snapshot(for: [condition], in: task.scope, at: turn.now, extra: extra)
        var details: JSONObject = [
            "expression": .string(condition.source), "values": .object(Self.values(condition, output)),
        ]
        do {
            let holds = try condition.condition(in: scope)
            details["result"] = .bool(holds)
            let message = holds ? "" : "`\(condition.source)` is false; \(Self.said(details["values"]))"
            return CheckEvidence(
                check: number,
                verdict: holds ? .passed : .gapsFound,
                message: message,
                details: details
            )
        } catch {
            let message = "`\(condition.source)` cannot be evaluated: \(error.message)"
            return CheckEvidence(check: number, verdict: .gapsFound, message: message, details: details)
        }
    }

    /// What the expression reads of the output.
    private static func values(_ condition: CELExpression, _ output: JSONValue) -> JSONObject {
        var values = JSONObject()
        for reference in condition.references where reference.root == "output" {
            var value: JSONValue? = output
            for name in reference.path { value = value?[name] }
            values[(["output"] + reference.path).joined(separator: ".")] = value ?? .null
        }
        return JSONValue.object(values).isLargerThan(4096) ? [:] : values
    }

    private static func said(_ values: JSONValue?) -> String {
        (values?.objectValue ?? [:]).members.map { "\($0.key) is \($0.value.text.prefix(200))" }
            .joined(separator: ", ")
    }

    /// The fields of a check that may hold expressions.
    func evaluate(_ check: Graph.Check, of task: TaskRef, _ output: JSONValue) throws(TaskError) -> JSONValue {
        var extra = state.locals(of: task)
        extra["output"] = output
        do throws(TemplateError) {
            let expressions = check.template.slots.map(\.expression)
            return try check.template.evaluate(
                in: state.snapshot(for: expressions, in: task.scope, at: turn.now, extra: extra)
            )
        } catch {
            throw TaskError(expression: error.cause, "`verify`, `\(check.title)`")
        }
    }
}
