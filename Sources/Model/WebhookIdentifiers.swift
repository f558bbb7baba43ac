// Baton
// SPDX-License-Identifier: Apache-2.0

/// Names one webhook, to which events go; prefix `wh`.
public typealias WebhookID = Identifier<WebhookIDKind>
/// Names one hook, by which others call; prefix `hook`.
public typealias HookID = Identifier<HookIDKind>

/// The kind of a ``WebhookID``.
public enum WebhookIDKind: IdentifierKind {
    /// `wh`.
    public static let prefix = "wh"
}

/// The kind of a ``HookID``.
public enum HookIDKind: IdentifierKind {
    /// `hook`.
    public static let prefix = "hook"
}
