// Baton
// SPDX-License-Identifier: Apache-2.0

/// Colours, where they are wanted.
struct Style {
    enum Ink: String {
        case red = "31"
        case green = "32"
        case yellow = "33"
        case blue = "34"
        case dim = "2"
        case bold = "1"
    }

    let isOn: Bool

    func paint(_ text: String, _ ink: Ink) -> String {
        isOn && !text.isEmpty ? "\u{1b}[\(ink.rawValue)m\(text)\u{1b}[0m" : text
    }

    /// A status in the colour that says whether to worry.
    func status(_ text: String) -> String {
        switch text {
        case "completed", "approved", "answered": paint(text, .green)
        case "failed", "cancelled", "rejected", "expired", "compensation_failed": paint(text, .red)
        case "waiting", "paused", "retrying", "open", "compensated", "claimed", "needs_review", "verifying":
            paint(text, .yellow)
        case "running", "ready", "queued", "compensating": paint(text, .blue)
        default: text
        }
    }
}
