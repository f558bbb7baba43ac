// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Shapes that several operations share, by name.
enum Components {
    /// What stands in a place of a path.
    static func pathParameter(_ name: String) -> Shape { pathParameters[name] ?? .text(1...200, pattern: "^[^/]+$") }

    private static let pathParameters: [String: Shape] = [
        "run": .id("run"), "task": .text(41...41, pattern: TaskID.pattern), "human_task": .id("ht"),
        "schedule": .id("sched"), "user": .id("usr"), "key": .id("key"),
        "seq": .text(1...18, pattern: "^[1-9][0-9]{0,17}$"), "name": .name, "tag": .name, "project": .projectName,
        "secret": .text(1...100, pattern: "^[A-Za-z_][A-Za-z0-9_.-]{0,99}$"),
        "scope": .text(
            1...300,
            pattern:
                "^(day|month|tenant|run:run_[0-7][0-9a-hjkmnp-tv-z]{25}|(project|agent):[A-Za-z_][A-Za-z0-9_.-]{0,199}"
                + "|user:[A-Za-z0-9_]{1,100}|api_key:key_[0-7][0-9a-hjkmnp-tv-z]{25})$"
        ),
        "version": .version, "artifact": .id("art"), "queue": .text(1...200, pattern: "^[!-.0-~]+$"),
        "hash": .text(1...71, pattern: "^(sha256:)?[0-9a-f]{64}$"), "webhook": .id("wh"), "hook": .id("hook"),
        "source": .text(1...100, pattern: "^[A-Za-z][A-Za-z0-9_.-]{0,99}$"), "document": .id("doc"),
        "finding": .id("fnd"), "pattern": .id("pat"),
        "worker": .id("wrk"), "tool": .text(1...128, pattern: "^[a-z][A-Za-z0-9_.-]{0,127}$"),
        "server": .text(1...40, pattern: "^[a-z0-9_-]{1,40}$"),
        "entry": .text(1...200), "context": .text(1...200),
        "resource": .text(1...100, pattern: "^[A-Za-z_][A-Za-z0-9_.-]{0,99}$"),
    ]

    static let schemas: JSONObject = {
        let all =
            general + accounts + definitions + runs + people + webhooks + queues + agents + knowledge + memory
            + patterns
        return JSONObject(members: all.map { .init(key: $0.name, value: .object($0.shape.schema)) })
    }()

    typealias Named = (name: String, shape: Shape)

    private static let general: [Named] = [
        (
            "Problem",
            .answer(
                .required("type", .text),
                .required("title", .text),
                .required("status", .integer),
                .required("detail", .text),
                .required("code", .text, "A stable spelling, for programs."),
                .optional("request_id", .text, "Missing when the head of the request could not be read."),
                .optional(
                    "errors",
                    .list(.answer(.required("path", .text), .required("code", .text), .required("message", .text))),
                    "What is wrong where."
                ),
                .optional("tier", .text),
                .optional("limit", .integer),
                .optional("current", .integer),
                .optional("retry_after_seconds", .integer)
            )
        ),
        (
            "Done",
            .answer(
                .required("run", .text),
                .required("run_seq", .integer, "The number of the last event that it left in the run.")
            )
        ),
        (
            "BulkReport",
            .answer(
                .required("status", .integer),
                .required("done", .integer),
                .required("failed", .integer),
                .required("items", .list(.answer(.required("id", .text), .required("status", .integer))))
            )
        ),
        (
            "Artifact",
            .answer(
                .required("id", .text),
                .required("name", .text),
                .required("hash", .text),
                .required("size", .integer),
                .required("media_type", .text),
                .required("owner", .text),
                .required("created_at", .time)
            )
        ),
        (
            "Event",
            .answer(
                .required("seq", .integer, "Its number in the log of all runs."),
                .required("run_seq", .integer, "Its number in the run, from 1 without gaps."),
                .required("type", .text),
                .required("at", .time),
                .required("run", .text),
                .optional("node", .text),
                .optional("task", .text, "The id of the task."),
                .optional("attempt", .integer),
                .optional("actor", .text),
                .optional("data", .any)
            )
        ),
        (
            "AuditEntry",
            .answer(
                .required("n", .integer),
                .required("at", .time),
                .required("actor", .text),
                .required("action", .text),
                .required("object", .text),
                .required("prev_hash", .text),
                .required("hash", .text)
            )
        ),
        (
            "Secret",
            .answer(
                .required("name", .text),
                .required("scope", .text),
                .required("version", .integer),
                .required("kind", .text),
                .required("created_at", .time),
                .required("updated_at", .time),
                .required("updated_by", .text)
            )
        ),
    ]

    private static let accounts: [Named] = [
        (
            "User",
            .answer(
                .required("id", .text),
                .required("email", .text),
                .required("name", .text),
                .required("role", .choice(Role.self)),
                .required("tenant", .text),
                .required("is_disabled", .flag),
                .required("has_password", .flag),
                .required("created_at", .time),
                .required("updated_at", .time),
                .required("revision", .integer)
            )
        ),
        (
            "Login",
            .answer(
                .optional("access_token", .text, "Not when it comes in a cookie."),
                .required("token_type", .text, "`Bearer` or `Cookie`."),
                .required("expires_in", .integer),
                .optional("refresh_token", .text, "Not when it comes in a cookie."),
                .required("refresh_expires_in", .integer),
                .required("user", .named("User"))
            )
        ),
        (
            "APIKey",
            .answer(
                .required("id", .text),
                .required("name", .text),
                .required("prefix", .text),
                .required("role", .choice(Role.self)),
                .required("scopes", .list(.text)),
                .required("created_at", .time),
                .optional("expires_at", .time),
                .optional("last_used_at", .time),
                .optional("revoked_at", .time),
                .optional("key", .text, "The key itself; shown once.")
            )
        ),
        (
            "Member",
            .answer(
                .required("user", .text),
                .required("project", .text),
                .required("role", .choice(ProjectRole.self)),
                .required("groups", .list(.text)),
                .required("added_by", .text),
                .required("added_at", .time)
            )
        ),
    ]

    private static let definitions: [Named] = [
        (
            "Diagnostic",
            .answer(.required("code", .text), .required("severity", .text), .required("message", .text))
        ),
        (
            "Version",
            .answer(
                .required("name", .text),
                .required("version", .integer),
                .required("hash", .text),
                .required("kind", .text),
                .required("owner", .text),
                .required("creator", .text),
                .required("created_at", .time)
            )
        ),
        ("Definition", .answer(.required("name", .text), .required("owner", .text))),
        ("Tag", .answer(.required("tag", .text), .required("hash", .text), .required("revision", .integer))),
    ]

    private static let runs: [Named] = [
        (
            "Run",
            .answer(
                .required("id", .text),
                .required("workflow", .text),
                .required("status", .choice(RunStatus.self)),
                .required("created_at", .time),
                .required("definition", .text),
                .optional("reason", .text),
                .optional("started_at", .time),
                .optional("ended_at", .time)
            )
        ),
        (
            "RunDetails",
            .answer(
                .required("id", .text),
                .required("workflow", .text),
                .required("status", .choice(RunStatus.self)),
                .required("created_at", .time),
                .required("definition", .text),
                .required("last_event", .integer),
                .required("inputs", .any),
                .optional("outputs", .any),
                .optional("error", .any)
            )
        ),
        (
            "StartedRun",
            .answer(
                .required("id", .text),
                .required("run_seq", .integer, "The number of the last event of the start.")
            )
        ),
        (
            "Task",
            .answer(
                .required("id", .text),
                .required("node", .text),
                .required("kind", .text),
                .required("status", .choice(TaskStatus.self)),
                .required("attempts", .integer),
                .optional("verification", .named("Verification"))
            )
        ),
        (
            "Verification",
            .answer(
                .required("attempt", .integer, "The attempt that gave the output."),
                .optional("verdict", .choice(Verdict.self), "Missing while checks are made."),
                .required("output_sha256", .text),
                .optional("taken_over", .flag, "A person gave the output."),
                .required("checks", .list(.named("Check"))),
                .optional("feedback", .list(.named("CheckFeedback")))
            )
        ),
        ("CheckFeedback", .answer(.required("attempt", .integer), .required("text", .text))),
        (
            "Check",
            .answer(
                .required("check", .integer, "Its position in the document, from 0."),
                .required("kind", .text),
                .required("title", .text),
                .optional("verdict", .choice(Verdict.self)),
                .optional("message", .text, "What is wrong, or why nobody looked."),
                .optional("evidence", .any, "What was seen."),
                .optional("at", .time)
            )
        ),
        (
            "ClaimableTask",
            .answer(
                .required("id", .text),
                .required("run", .text),
                .required("workflow", .text),
                .required("node", .text),
                .required("kind", .text),
                .required("priority", .integer),
                .required("attempts", .integer),
                .required("since", .time),
                .optional("tool", .text),
                .optional("queue", .text),
                .optional("labels", .map(.text))
            )
        ),
        (
            "ClaimedTask",
            .answer(
                .required("id", .text),
                .required("run", .text),
                .required("workflow", .text),
                .required("node", .text),
                .required("kind", .text),
                .required("attempt", .integer),
                .required("fence", .integer, "Goes with everything that is said about the claim."),
                .required("worker", .text),
                .required("ttl", .text),
                .required("lease_until", .time, "It is somebody else's to claim then, unless a heartbeat comes."),
                .required(
                    "idempotency_key",
                    .text,
                    "The same for all attempts: goes with effects that must happen once."
                ),
                .required("input", .any, "What the call is handed, every expression evaluated."),
                .optional("tool", .text),
                .optional("timeout_ms", .integer),
                .optional("guidance", .list(.text)),
                .optional("feedback", .list(.text))
            )
        ),
        ("ClaimLease", .answer(.required("ttl", .text), .required("lease_until", .time))),
        (
            "Pause",
            .answer(
                .required("scope", .choice(["all", "project", "workflow", "queue"])),
                .optional("name", .text),
                .required("by", .text),
                .optional("reason", .text),
                .required("at", .time)
            )
        ),
        (
            "Attempt",
            .answer(
                .required("attempt", .integer),
                .required("fence", .integer),
                .required("worker", .text),
                .required("claimed", .flag),
                .required("status", .choice(TaskAttempt.Status.self)),
                .required("started_at", .time),
                .optional("ended_at", .time),
                .optional("error", .any)
            )
        ),
        (
            "Patch",
            .answer(.required("seq", .integer), .required("status", .text), .required("author", .text))
        ),
        (
            "Schedule",
            .answer(
                .required("id", .text),
                .required("name", .text),
                .required("workflow", .text),
                .required("when", .text),
                .required("zone", .text),
                .required("overlap", .text),
                .required("status", .text),
                .required("created_at", .time)
            )
        ),
    ]

    private static let people: [Named] = [
        (
            "HumanTask",
            .answer(
                .required("id", .text),
                .required("kind", .text),
                .required("status", .choice(HumanTaskStatus.self)),
                .required("run", .text),
                .required("node", .text),
                .required("title", .text),
                .required("message", .text),
                .required("assignees", .list(.text)),
                .required("opened_at", .time),
                .required("choices", .list(.any)),
                .required("quorum", .integer)
            )
        )
    ]
}

extension Shape {
    /// A name of a definition, a tag or a project.
    static let name = Shape.text(1...200, pattern: "^[A-Za-z_][A-Za-z0-9_./-]{0,199}$")
    /// A name of a project.
    static let projectName = Shape.text(1...200, pattern: "^[A-Za-z_][A-Za-z0-9_.-]{0,199}$")
    /// A version of a definition: its number, its hash or the beginning of that, or a tag.
    static let version = Shape.text(
        1...80,
        pattern: "^([1-9][0-9]{0,8}|sha256:[0-9a-f]{4,64}|[A-Za-z_][A-Za-z0-9_.-]{0,79})$"
    )
    /// Why something is done.
    static let reason = Shape.text(0...2000)
}
