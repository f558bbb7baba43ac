// Baton
// SPDX-License-Identifier: Apache-2.0

/// How the calls of a hook say who sends them (spec 10.5).
public enum HookKind: String, Sendable, CaseIterable {
    /// Standard Webhooks 1.0.
    case standard
    /// `X-Hub-Signature-256` of GitHub.
    case github
    /// `X-Slack-Signature`.
    case slack
    /// `Stripe-Signature`.
    case stripe
    /// `Authorization: Basic`; the secret is `USER:PASSWORD`.
    case basic
    /// `Authorization: Bearer` or `X-API-Key`.
    case apiKey = "api_key"

    /// The secret is made by the other side, so it has to be given.
    public var needsSecret: Bool { self == .slack || self == .stripe || self == .basic }

    /// What is wrong with a secret; `nil` for nothing.
    public func defect(ofSecret text: String) -> String? {
        switch self {
        case .standard:
            WebhookKey(text) == nil ? "must be `whsec_` and base 64 of 24 to 64 bytes" : nil
        case .basic:
            text.contains(":") && !text.hasPrefix(":") ? nil : "must be `USER:PASSWORD`"
        case .github, .slack, .stripe, .apiKey: nil
        }
    }

    /// A new secret, in the form that the other side wants.
    public var newSecret: String {
        let key = WebhookKey()
        return self == .standard ? key.text : String(key.text.dropFirst(6).filter { $0.isLetter || $0.isNumber })
    }
}
