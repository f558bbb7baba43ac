// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Text

/// Collects the diagnostics of one compilation, stage by stage. Used on one thread.
final class DiagnosticSink {
    private var finished: [Diagnostic] = []
    private var stage: [Diagnostic] = []
    private var reported: Set<Report> = []
    private var speller = Speller()
    /// What makes a report the same as another: parts of a document can be read more than once.
    private struct Report: Hashable {
        let code: Diagnostic.Code
        let path: String
        let line: Int32
        let column: Int32
        let message: String
    }

    /// Errors reported so far.
    private(set) var errorCount = 0

    /// Everything reported so far: stages in order, each sorted by position.
    var diagnostics: [Diagnostic] { finished + Self.sorted(stage) }

    /// Ends a stage; whether it found no error.
    func endStage() -> Bool {
        let isClean = !stage.contains { $0.severity == .error }
        finished += Self.sorted(stage)
        stage = []
        return isClean
    }

    /// Reports something about a value, or about its place `position` if that is more exact.
    func report(
        _ code: Diagnostic.Code,
        severity: Diagnostic.Severity? = nil,
        at value: SourceValue,
        position: SourcePosition? = nil,
        _ message: String,
        related: [Diagnostic.Related] = [],
        fix: JSONValue? = nil
    ) {
        let severity = severity ?? code.severity
        report(code, severity, path: value.path, position ?? value.node.position, message, related, fix)
    }

    func report(_ failure: SourceFailure) {
        report(failure.code, failure.code.severity, path: failure.path, failure.position, failure.message, [], nil)
    }

    /// A pointer to another place.
    static func related(_ value: SourceValue, _ message: String) -> Diagnostic.Related {
        let pointer = SourcePath.pointer(value.path).description
        let position = value.node.position
        return .init(path: pointer, message: message, line: Int(position.line), column: Int(position.column))
    }

    /// `; did you mean …?` with the nearest known name, or nothing.
    func suggestion(for name: String, among known: some Sequence<String>) -> String {
        nearest(to: name, among: known).map { "; did you mean `\($0)`?" } ?? ""
    }

    /// The nearest known name, if there is one near.
    func nearest(to name: String, among known: some Sequence<String>) -> String? {
        speller.nearest(to: name, among: known)
    }

    private func report(
        _ code: Diagnostic.Code,
        _ severity: Diagnostic.Severity,
        path: SourcePath?,
        _ position: SourcePosition,
        _ message: String,
        _ related: [Diagnostic.Related],
        _ fix: JSONValue?
    ) {
        if severity == .error { errorCount += 1 }
        let message = Self.shortened(message)
        let path = SourcePath.pointer(path).description
        let (line, column) = (position.line, position.column)
        guard reported.insert(.init(code: code, path: path, line: line, column: column, message: message)).inserted
        else { return }
        stage.append(
            Diagnostic(
                code: code,
                severity: severity,
                message: message,
                path: path,
                line: Int(position.line),
                column: Int(position.column),
                related: related,
                fix: fix
            )
        )
    }

    /// Messages quote the document, which can hold very long words.
    private static func shortened(_ message: String) -> String {
        message.utf8.count <= 1000 ? message : String(message.prefix(500)) + "…"
    }

    /// By position; diagnostics of one place stay in the order in which they were found.
    private static func sorted(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        diagnostics.enumerated().sorted {
            ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
        }.map(\.element)
    }
}
