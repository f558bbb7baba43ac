// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// What a run and its tasks have to share with others (spec 3.2).
extension RunState {
    /// The permits an attempt of the task needs because of its document.
    func demands(of task: TaskRef, at now: Timestamp) throws(TaskError) -> [KeyedLimits.Demand] {
        var demands: [KeyedLimits.Demand] = []
        if let concurrency = node(task).concurrency {
            let key = try keyText(concurrency.key, "concurrency.key", task.scope, now, locals(of: task))
            demands.append(.init(key: LimitKey(.node, key, tenant: sharingTenant), maximum: concurrency.max))
        }
        if let thread = try thread(of: task, at: now) {
            demands.append(.init(key: LimitKey(.thread, thread, tenant: sharingTenant), maximum: 1))
        }
        return demands
    }

    /// `SESSION/AGENT`, for a task of an agent that goes on with a conversation.
    private func thread(of task: TaskRef, at now: Timestamp) throws(TaskError) -> String? {
        guard case .agent(let config) = node(task).kind, let session = config.source["session"] else { return nil }
        let parts = [session, agent(of: task).map(JSONValue.string) ?? config.source["agent"] ?? .null]
        let texts = try parts.map { part throws(TaskError) in
            let template: ValueTemplate
            do throws(TemplateError) {
                template = try ValueTemplate(part)
            } catch {
                throw TaskError(expression: error.cause, "`config.session`")
            }
            return try keyText(template, "config.session", task.scope, now, locals(of: task))
        }
        return texts.joined(separator: "/")
    }

    /// The permit the run needs, if its workflow has a key.
    func runDemand(at now: Timestamp) -> KeyedLimits.Demand? {
        guard let concurrency = graph.definition.concurrency,
            let key = try? keyText(concurrency.key, "concurrency.key", 0, now, [:])
        else { return nil }
        return .init(key: LimitKey(.run, "\(graph.name)/\(key)", tenant: sharingTenant), maximum: concurrency.max)
    }

    /// What a task's place in the order follows from: the priority of its node, or else that of the run.
    func priority(of task: TaskRef) -> Int {
        let own = node(task).priority
        return own == Self.usualPriority ? priority ?? own : own
    }

    /// The priority of what has none.
    static let usualPriority = 500

    private func keyText(
        _ template: ValueTemplate,
        _ field: String,
        _ scope: Int,
        _ now: Timestamp,
        _ locals: [String: JSONValue]
    ) throws(TaskError) -> String {
        do throws(TemplateError) {
            let variables = snapshot(for: template.slots.map(\.expression), in: scope, at: now, extra: locals)
            let value = try template.evaluate(in: variables)
            return value.stringValue ?? value.text
        } catch {
            throw TaskError(expression: error.cause, "`\(field)`")
        }
    }
}
