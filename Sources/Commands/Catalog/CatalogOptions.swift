// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog

/// Arguments and options that several verbs of the catalogue take.
enum CatalogOptions {
    static let version = ArgumentDescription(
        name: "VERSION",
        summary: "NAME, NAME@TAG, NAME@3 or NAME@sha256:… (any unique beginning); NAME alone is NAME@main"
    )
    static let name = ArgumentDescription(name: "NAME", summary: "name of a published workflow")
    static let tagged = ArgumentDescription(name: "NAME[@TAG]", summary: "a tag of a workflow; without one, main")

    static let ifMatch = OptionDescription(
        name: "if-match",
        kind: .text("HASH|N|none"),
        summary: "only if the tag points there now; otherwise nothing happens (exit code 4)"
    )
    static let message = OptionDescription(
        name: "message",
        kind: .text("TEXT"),
        summary: "why, in one line",
        short: "m"
    )

    static func tag(_ summary: String) -> OptionDescription {
        OptionDescription(name: "tag", kind: .text("TAG"), summary: summary, defaultValue: VersionReference.defaultTag)
    }
}

extension VersionReference {
    /// What stands behind the `@`, or `main`.
    var selectorText: String {
        switch selector {
        case .number(let number): String(number)
        case .hash(let hash): hash
        case .tag(let tag): tag
        }
    }
}

extension CommandContext {
    /// The version that an argument names.
    func reference(_ argument: String) throws(CommandFailure) -> VersionReference {
        try reference(text: invocation.word(argument))
    }

    func reference(text: String) throws(CommandFailure) -> VersionReference {
        try catalogCall(self) { () throws(CatalogError) in try VersionReference(text) }
    }

    /// A definition and one of its tags.
    func taggedName(_ argument: String) throws(CommandFailure) -> (name: String, tag: String) {
        let reference = try reference(argument)
        guard case .tag(let tag) = reference.selector else {
            throw .usage("`\(invocation.word(argument))` names a version, not a tag", hint: "write NAME@TAG")
        }
        return (reference.name, tag)
    }

    /// What `--if-match` says.
    func expectation() throws(CommandFailure) -> TagExpectation {
        guard let text = invocation.text("if-match") else { return .any }
        return try catalogCall(self) { () throws(CatalogError) in try TagExpectation(text) }
    }
}
