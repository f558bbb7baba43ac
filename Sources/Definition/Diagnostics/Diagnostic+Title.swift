// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

extension Diagnostic.Code {
    /// The form for programs.
    public var json: JSONValue {
        [
            "code": .string(rawValue), "severity": .string(severity.rawValue), "title": .string(title),
            "advice": .string(advice),
        ]
    }

    /// What it is about, in one line without a full stop.
    public var title: String {
        switch self {
        case .syntax: "The text is not valid YAML or JSON"
        case .sourceLimit: "The document is larger, deeper or more expanded than allowed"
        case .unknownDocumentKind: "The first key names no kind of document"
        case .unknownKey: "A key that does not exist"
        case .invalidValue: "A value of the wrong type or out of bounds"
        case .missingKey: "A required key is missing"
        case .invalidName: "Not the form of an id or a name"
        case .duplicateKey: "One key twice in a mapping"
        case .invalidTime: "Not a duration, a point in time or an amount of money"
        case .invalidSchema: "Not a JSON Schema, or a default that does not satisfy its own schema"
        case .duplicateNode: "Two nodes with one id"
        case .unknownNode: "An edge or `depends_on` names a node that does not exist"
        case .noEntry: "No nodes, or none that could start"
        case .cycle: "Nodes depend on each other in a circle"
        case .noTerminal: "No node is the last one"
        case .selfDependency: "A node depends on itself"
        case .loopRegion: "The region that a loop repeats has more than one entry or exit"
        case .unboundedLoop: "A loop without `max_iterations`"
        case .unknownCase: "An edge names a case or port that its source does not have"
        case .unknownPort: "An edge names a data port that does not exist"
        case .portType: "The value of one port does not fit the type of the other"
        case .portBinding: "A required port gets no value, or a port gets two"
        case .variableConflict: "Two nodes that may run at the same time write one variable"
        case .quorumTooLarge: "A quorum larger than the number of incoming edges"
        case .invalidGroup: "A transactional group that is not connected, waits for a person, or overlaps another"
        case .graphTooLarge: "More nodes, edges or agent nodes than the limits allow"
        case .tooDeep: "Loops, maps and children too deep inside each other, or a workflow that contains itself"
        case .invalidCompensation: "A compensation that cannot undo"
        case .unknownReference: "An expression names something that does not exist"
        case .notAncestor: "An expression reads a node that need not have run before"
        case .expressionSyntax: "Not an expression"
        case .expressionType: "An expression of the wrong type"
        case .expressionLimit: "An expression too long or too deep"
        case .misplacedSecret: "A secret where it would be stored"
        case .unknownFunction: "A function that does not exist, or wrong arguments"
        case .unknownNodeType: "A node type that does not exist"
        case .unknownName:
            "An agent, tool, skill, function, workflow, queue, role, profile or secret that does not exist"
        case .invalidConfig: "A configuration that does not fit the node type"
        case .unsupported: "Understood, but nothing here carries it out"
        case .refusedURL: "A URL that the network policy refuses"
        case .noCapableAgent: "No agent can do what is needed"
        case .forbiddenTool: "A tool that the profile of its agent forbids"
        case .overBudget: "The lowest estimate is above the budget"
        case .wrongInterface: "Inputs that do not fit a child workflow"
        case .patchOperation: "A patch with an operation that patches may not have"
        case .patchPath: "A patch whose path leads nowhere, or whose test fails"
        case .patchValue: "A patch operation without its value"
        case .patchStarted: "A patch that changes what has started"
        case .patchAgentLimit: "A patch that adds too many agent nodes"
        case .patchForbidden: "A patch that its author may not make"
        case .patchTooLarge: "A patch that is too large"
        case .patchOutdated: "A patch made for an older state of the graph"
        case .unknownRequirement: "A plan that names a requirement that does not exist"
        case .uncoveredRequirement: "A requirement that must be met and that no task serves"
        case .uncheckedRequirement: "A requirement that must be met and that nothing checks"
        case .scopeInvention: "A task that serves no requirement"
        case .unknownPlanDependency: "A plan with a dependency that does not exist"
        case .planCycle: "Tasks of a plan that depend on each other in a circle"
        case .overlappingWrites: "Two tasks that may run at the same time and write the same files"
        case .planOverBudget: "A plan whose estimate is over the budget"
        case .unknownPlanTool: "A plan that names a tool or capability that does not exist"
        case .planSize: "A plan with no task, or too many"
        case .missingPlanSection: "A plan without a section that its rigor asks for"
        case .irreversibleTask: "Something that cannot be undone, without compensation or approval"
        case .unreadablePlan: "An answer that is no plan"
        case .unreachable: "A node that can never run"
        case .unusedCase: "A case that no edge names"
        case .impliedEdge: "An edge that others imply, or one written twice"
        case .unusedOutput: "A value that nothing reads"
        case .unsafeRetry: "A write that may not be repeated although a retry is set"
        case .noDeadline: "A question without a deadline of its own"
        case .noBudget: "An agent that may spend without limit"
        case .alias: "Another spelling was used"
        case .droppedDependency: "A dependency of a plan that was dropped"
        case .uncoveredWish: "A requirement that should be met and that no task serves"
        case .foldedConstant: "An expression that is always the same was replaced by its value"
        case .reducedEdge: "An edge that others imply was dropped"
        case .absorbedNode: "A node is evaluated without being dispatched"
        case .deadNode: "A node that can never run"
        case .sharedConnection: "Requests to one host that could share a connection"
        case .parallelNodes: "Nodes that could run at the same time"
        case .cacheableNode: "A result that could be used again"
        case .smallerTier: "An agent that would do with a smaller model"
        }
    }
}
