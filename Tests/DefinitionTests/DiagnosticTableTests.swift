// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Testing

@Suite struct DiagnosticTableTests {
    /// Codes that workflow documents alone do not raise: patches, plans, estimates and the optimiser have tests of their
    /// own.
    private static let elsewhere: Set<Diagnostic.Code> = [
        .overBudget,
        .patchOperation, .patchPath, .patchValue, .patchStarted, .patchAgentLimit, .patchForbidden, .patchTooLarge,
        .patchOutdated,
        .unknownRequirement, .uncoveredRequirement, .uncheckedRequirement, .scopeInvention, .unknownPlanDependency,
        .planCycle, .overlappingWrites, .planOverBudget, .unknownPlanTool, .planSize, .missingPlanSection,
        .irreversibleTask, .unreadablePlan, .droppedDependency, .uncoveredWish,
        .foldedConstant, .reducedEdge, .absorbedNode, .deadNode, .sharedConnection, .parallelNodes, .cacheableNode,
        .smallerTier,
    ]

    @Test
    func `every document raises its code or is free of it`() throws {
        for entry in try DiagnosticTable.entries() {
            let result = entry.compile()
            let said = result.diagnostics.map { $0.text(fileName: "") }.joined(separator: "\n")
            let raised = result.diagnostics.contains { $0.code.rawValue == entry.code }
            #expect(raised == entry.raises, "\(entry.name)\n\(said)")
            if !entry.raises { #expect(result.graph != nil, "\(entry.name)\n\(said)") }
        }
    }

    @Test
    func `every code has a document that raises it and one that does not`() throws {
        let entries = try DiagnosticTable.entries()
        let raised = Set(entries.filter(\.raises).map(\.code))
        let clean = Set(entries.filter { !$0.raises }.map(\.code))
        for code in Diagnostic.Code.allCases where !Self.elsewhere.contains(code) {
            #expect(raised.contains(code.rawValue), "\(code.rawValue) is raised by no document")
            #expect(clean.contains(code.rawValue), "\(code.rawValue) has no document that is free of it")
        }
        #expect(raised.union(clean).allSatisfy { Diagnostic.Code(rawValue: $0) != nil })
        #expect(raised.isDisjoint(with: Self.elsewhere.map(\.rawValue)), "a code is covered now: take it off the list")
    }

    @Test
    func `what nothing carries out is an error for a run and a warning for a check`() throws {
        for entry in try DiagnosticTable.entries() where entry.code == "E404" && entry.raises {
            let checked = entry.compile(.full, .check)
            #expect(checked.graph != nil, "\(entry.name)")
            #expect(checked.diagnostics.first { $0.code == .unsupported }?.severity == .warning, "\(entry.name)")
            let skipping = entry.text.replacing("id: a,", with: "id: a, on_unsupported: skip,")
            let skipped = Compiler(registry: .full).compile(text: Array(skipping.utf8), fileName: "a.yaml")
            #expect((skipped.graph != nil) == !entry.text.contains("cache"), "\(entry.name)")
        }
    }

    @Test
    func `every code says what it is about and what to do`() {
        var titles: Set<String> = []
        for code in Diagnostic.Code.allCases {
            #expect(!code.title.hasSuffix(".") && code.advice.hasSuffix("."), "\(code.rawValue)")
            if code.severity != .hint { titles.insert(code.title) }
        }
        #expect(titles.count >= Diagnostic.Code.allCases.count { $0.severity != .hint } - 1)
    }
}
