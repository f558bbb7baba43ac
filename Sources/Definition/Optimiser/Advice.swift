// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What the compiler does to a document by itself, and what a person could do.
public struct Advice: Sendable {
    /// How often a pass that always runs changed something.
    public struct Applied: Sendable, Equatable {
        /// H701, H702 or H703.
        public let code: Diagnostic.Code
        /// What was done.
        public let title: String
        /// How often.
        public let count: Int

        /// `{code, title, count}`.
        public var json: JSONValue {
            ["code": .string(code.rawValue), "title": .string(title), "count": .int(Int64(count))]
        }
    }

    /// What came of the document itself.
    public let result: CompileResult
    /// Done in every compilation; writing it into the document changes nothing.
    public let applied: [Applied]
    /// By code, and in the order of the document.
    public let suggestions: [Suggestion]
}

extension Compiler {
    /// Compiles a document and looks for ways to make it better.
    ///
    /// - Parameter history: Without it nothing is said about savings, caches and tiers.
    public func advise(text: [UInt8], fileName: String, history: History = History()) -> Advice {
        var checked: (draft: WorkflowDraft, body: ResolvedBody)?
        let result = compile(text: text, fileName: fileName) { checked = ($0, $1) }
        guard let graph = result.graph, let document = result.document, let checked else {
            return Advice(result: result, applied: [], suggestions: [])
        }
        let advisor = Advisor(compiler: self, graph: graph, document: document, history: history)
        return advisor.advice(checked.draft, checked.body, result)
    }

    /// Applies one suggestion after the other until none is left that `accepts` wants, each to the document that the
    /// one before gave.
    ///
    /// - Returns: The document as JSON with the ids of what was applied, or `nil` when it does not compile.
    public func applying(
        to text: [UInt8],
        fileName: String,
        history: History = History(),
        where accepts: (Suggestion) -> Bool
    ) -> (document: JSONValue, applied: [Suggestion])? {
        var advice = advise(text: text, fileName: fileName, history: history)
        guard advice.result.graph != nil, var document = advice.result.document else { return nil }
        var applied: [Suggestion] = []
        var tried: Set<JSONValue> = []
        while applied.count < Self.mostApplied,
            let next = advice.suggestions.first(where: {
                $0.isApplicable && accepts($0) && tried.insert($0.patch).inserted
            })
        {
            guard let patch = try? JSONPatch(next.patch), let changed = try? patch.apply(to: document) else { continue }
            let further = advise(text: changed.bytes(), fileName: "patched.json", history: history)
            guard further.result.graph != nil else { continue }
            (document, advice) = (changed, further)
            applied.append(next)
            tried = []
        }
        return (document, applied)
    }

    private static let mostApplied = 1000
}
