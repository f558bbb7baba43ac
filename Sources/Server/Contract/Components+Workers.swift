// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON
internal import Store

/// Shapes of queues and what works on them.
extension Components {
    static let queues: [Named] = [
        (
            "Queue",
            .answer(
                .required("queue", .text),
                .required("depth", .integer, "Open tasks; at most a quarter of a second old, as all numbers here."),
                .required("ready", .integer, "They wait for an executor."),
                .required("leased", .integer, "An executor has them."),
                .required("retrying", .integer, "They wait for their next attempt."),
                .required("held", .integer, "They wait for money or for a person."),
                .required("oldest_age_ms", Shape(["type": ["integer", "null"]]), "Of the oldest ready one."),
                .required("dead", .integer, "Dead letters."),
                .required("paused", .flag),
                .optional("pause", .named("QueuePause"))
            )
        ),
        (
            "Worker",
            .answer(
                .required("id", .text),
                .required(
                    "state",
                    .choice(WorkerRecord.State.self),
                    "`busy` has as many tasks as it does at a time; `draining` stops when its last one ends."
                ),
                .optional("since", .time),
                .optional("reason", .text),
                .required("queues", .list(.text), "Empty for all."),
                .required("labels", .map(.text)),
                .required("capabilities", .list(.text)),
                .required("capacity", .integer),
                .required("load", .integer),
                .optional("claims", .list(.text), "Ids of the tasks that it has."),
                .optional("version", .text),
                .optional("registered_by", .text),
                .optional("registered_at", .time),
                .optional("alive_until", .time, "It dies then unless it is heard of."),
                .optional("heartbeat", .text, "How often it has to be heard of."),
                .optional("is_server", .flag, "These are the executors of the server itself.")
            )
        ),
        (
            "Resource",
            .answer(
                .required("id", .text),
                .required("kind", .choice(ResourceRecord.Kind.self)),
                .required("target", .text),
                .required("interval", .text),
                .required("timeout", .text),
                .optional("slow", .text),
                .required("failures", .integer),
                .required("successes", .integer),
                .required("allow_private", .flag),
                .required("state", .choice(ResourceRecord.State.self)),
                .required("since", .time),
                .required("holds_tasks", .flag, "Tasks that need it wait."),
                .optional("reason", .text),
                .optional(
                    "last_probe",
                    .answer(
                        .required("at", .time),
                        .required("latency_ms", .integer),
                        .optional("problem", .text)
                    )
                )
            )
        ),
        (
            "Tool",
            .answer(
                .required("name", .text),
                .required("description", .text),
                .required("input_schema", .any),
                .required("output_schema", .any),
                .required("effects", .text, "`read`, `write`, `external` or `destructive`."),
                .optional("risk", .text, "`low`, `medium`, `high` or `critical`."),
                .required("idempotent", .flag),
                .required("timeout_ms", .integer),
                .required("max_output", .integer),
                .required("category", .text),
                .optional("cost_usd", .text)
            )
        ),
        (
            "ToolServer",
            .answer(
                .required("name", .text),
                .required("transport", .text, "`stdio` or `http`."),
                .required("enabled", .flag),
                .required("connected", .flag),
                .required("approved", .integer, "Tools that can be called."),
                .required("changed", .integer, "Tools that were approved and are others now."),
                .optional("problem", .text, "Why it could not be started or reached the last time.")
            )
        ),
        (
            "ToolServerTools",
            .answer(
                .required("name", .text),
                .required("transport", .text, "`stdio` or `http`."),
                .required("enabled", .flag),
                .required("protocol", .text, "The version of the protocol."),
                .required("server", .answer(.required("name", .text), .required("version", .text)), "As it says it."),
                .required(
                    "tools",
                    .list(
                        .answer(
                            .required("name", .text, "As the server names it."),
                            .required("tool", .any, "What it is called here; `null` when it cannot be."),
                            .required("state", .text, "`approved`, `new`, `changed`, `gone` or `unusable`."),
                            .required("hash", .text),
                            .required("approved_hash", .any),
                            .required("description", .text),
                            .required("input_schema", .any),
                            .required("output_schema", .any),
                            .required("effects", .text, "`read`, `external` or `destructive`, as the server says it."),
                            .required("idempotent", .flag),
                            .optional("changes", .list(.text), "What is not as it was approved.")
                        )
                    )
                ),
                .required("problems", .list(.text), "Tools that cannot be read.")
            )
        ),
        (
            "Execution",
            .answer(
                .required("mode", .choice(["tool", "workflow", "workstack", "skill", "agent", "agents"])),
                .required("success", .flag),
                .required("content", .any, "The result of the tool, or the outputs of the run."),
                .optional("error", .any, "`{code, class, message}` without success."),
                .required(
                    "trace",
                    .list(
                        .answer(
                            .required("n", .integer),
                            .required("type", .text),
                            .required("name", .text),
                            .required("ok", .flag),
                            .required("ms", .integer),
                            .required("summary", .text, "At most 200 characters.")
                        )
                    )
                ),
                .required("skills", .list(.text)),
                .required("agents", .list(.text)),
                .required("duration_ms", .integer),
                .required("execution_id", .text, "The id of the run that it was.")
            )
        ),
        (
            "QueuePause",
            .answer(
                .required("queue", .text),
                .required("by", .text),
                .required("at", .time),
                .optional("reason", .text)
            )
        ),
        (
            "QueueTask",
            .answer(
                .required("id", .text),
                .required("run", .text),
                .required("workflow", .text),
                .optional("node", .text, "Missing when its pass or item has just ended."),
                .required("status", .text),
                .required("priority", .integer),
                .required("attempt", .integer),
                .required("fence", .integer),
                .optional("since", .time),
                .optional("worker", .text),
                .optional("lease_until", .time)
            )
        ),
        (
            "DeadLetter",
            .answer(
                .required("entry", .text, "The id of the task."),
                .required("queue", .text),
                .required("group", .choice(DeadLetterRow.Group.self), "Who gave up."),
                .required("run", .text),
                .required("workflow", .text),
                .required("node", .text),
                .required("attempts", .integer),
                .required("failure", .text, "A code."),
                .required("reason", .text, "Without values."),
                .required("at", .time)
            )
        ),
    ]
}
