// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Store
internal import Webhooks

extension Components {
    static let webhooks: [(name: String, shape: Shape)] = [
        (
            "Webhook",
            .answer(
                .required("id", .text),
                .required("url", .text),
                .required("types", .list(.text)),
                .required("owner", .text),
                .required("status", .choice(WebhookRow.Status.self)),
                .required("created_at", .time),
                .required("updated_at", .time),
                .required("cursor", .integer, "All events up to this one were sent, stepped aside or are not wanted."),
                .required("waiting", .integer, "Messages that were refused and will be sent again."),
                .required("dead", .integer, "Messages that were given up."),
                .optional("project", .text),
                .optional("note", .text, "Why it is paused."),
                .optional("failing_since", .time, "Since when the receiver takes nothing."),
                .optional("attempts", .integer, "Failures since then."),
                .optional("next_attempt_at", .time),
                .optional("failure", .text, "The last one."),
                .optional("delivered_at", .time),
                .optional("old_secret_until", .time, "Messages are signed with the secret before as well until then."),
                .optional("secret", .text, "What its messages are signed with; shown once.")
            )
        ),
        (
            "DeadDelivery",
            .answer(
                .required("id", .text, "The `webhook-id` of the message."),
                .required("webhook", .text),
                .required("seq", .integer, "The number of the event; below 0 for events that were not kept."),
                .required("type", .text),
                .required("attempts", .integer),
                .required("first_at", .time),
                .required("died_at", .time),
                .required("failure", .text),
                .optional("message", .any, "What was to be sent.")
            )
        ),
        (
            "Hook",
            .answer(
                .required("id", .text),
                .required("kind", .choice(HookKind.self)),
                .required("owner", .text),
                .required("url", .text, "Where others call."),
                .required("created_at", .time),
                .required("updated_at", .time),
                .optional("project", .text),
                .optional("when", .text),
                .optional("signal", .anyObject),
                .optional("start", .anyObject),
                .optional("old_secret_until", .time, "The secret before is taken as well until then."),
                .optional("secret", .text, "What calls are to be signed with, if it was made here; shown once.")
            )
        ),
    ]
}
