// Baton
// SPDX-License-Identifier: Apache-2.0

/// How results are written.
enum OutputFormat: String, CaseIterable {
    /// For people.
    case table
    /// One document, indented.
    case json
    /// One value a line.
    case jsonl
    /// One document.
    case yaml
    /// One line a thing, without headings, for `cut` and `awk`.
    case compact
}
