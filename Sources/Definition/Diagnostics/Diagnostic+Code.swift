// Baton
// SPDX-License-Identifier: Apache-2.0

extension Diagnostic {
    /// What a diagnostic is about; the raw value is the stable spelling. More can be added in any release.
    public enum Code: String, Sendable, CaseIterable {
        /// Not valid YAML or JSON.
        case syntax = "E101"
        /// Too large, too deep, or aliases that expand too far.
        case sourceLimit = "E102"
        /// The first key names no kind of document.
        case unknownDocumentKind = "E103"
        /// A key that does not exist.
        case unknownKey = "E104"
        /// Wrong type or out of bounds.
        case invalidValue = "E105"
        /// A required key is missing.
        case missingKey = "E106"
        /// Not the form of an id or a name.
        case invalidName = "E107"
        /// One key twice in a mapping.
        case duplicateKey = "E108"
        /// Not a duration, a timestamp or an amount.
        case invalidTime = "E109"
        /// Not a JSON Schema, or a default that does not satisfy its own.
        case invalidSchema = "E110"
        /// Two nodes with one id.
        case duplicateNode = "E201"
        /// An edge or `depends_on` names a node that does not exist.
        case unknownNode = "E202"
        /// No nodes, or none without dependencies.
        case noEntry = "E203"
        /// Nodes depend on each other in a circle.
        case cycle = "E204"
        /// No node is the last one.
        case noTerminal = "E205"
        /// A node depends on itself.
        case selfDependency = "E206"
        /// The region of a loop has more than one entry or exit.
        case loopRegion = "E207"
        /// A loop without `max_iterations`.
        case unboundedLoop = "E208"
        /// An edge names a case that its source does not have.
        case unknownCase = "E209"
        /// An edge names a port that does not exist.
        case unknownPort = "E210"
        /// The value of one port does not fit the type of the other.
        case portType = "E211"
        /// A port that needs a value gets none, or two.
        case portBinding = "E212"
        /// Two nodes that may run at the same time write one variable.
        case variableConflict = "E213"
        /// A quorum larger than the number of incoming edges.
        case quorumTooLarge = "E214"
        /// A transactional group that is not connected, waits for a person, or overlaps another.
        case invalidGroup = "E215"
        /// More nodes or edges than the limits allow.
        case graphTooLarge = "E216"
        /// Loops, maps and children too deep inside each other, or a workflow that contains itself.
        case tooDeep = "E217"
        /// A compensation that names something that cannot undo.
        case invalidCompensation = "E218"
        /// An expression names something that does not exist.
        case unknownReference = "E301"
        /// An expression reads a node that does not run before.
        case notAncestor = "E302"
        /// Not an expression.
        case expressionSyntax = "E303"
        /// An expression of the wrong type.
        case expressionType = "E304"
        /// An expression too long or too deep.
        case expressionLimit = "E305"
        /// A secret where none may stand.
        case misplacedSecret = "E306"
        /// A function that does not exist, or wrong arguments.
        case unknownFunction = "E307"
        /// A node type that does not exist.
        case unknownNodeType = "E401"
        /// An agent, tool, skill, function, workflow, queue, role, profile or secret that does not exist.
        case unknownName = "E402"
        /// The configuration does not fit the node type.
        case invalidConfig = "E403"
        /// Understood, but nothing here carries it out.
        case unsupported = "E404"
        /// A URL that the network policy refuses.
        case refusedURL = "E405"
        /// No agent can do what is needed.
        case noCapableAgent = "E406"
        /// A tool that the profile of its agent forbids.
        case forbiddenTool = "E407"
        /// The lowest estimate is above the budget.
        case overBudget = "E408"
        /// Inputs or outputs that do not fit a child workflow.
        case wrongInterface = "E410"
        /// A patch with an operation that patches may not have.
        case patchOperation = "E501"
        /// A patch whose path leads nowhere, or whose test fails.
        case patchPath = "E502"
        /// A patch operation without its value.
        case patchValue = "E503"
        /// A patch that changes what has started.
        case patchStarted = "E504"
        /// A patch that adds too many agent nodes.
        case patchAgentLimit = "E505"
        /// A patch that its author may not make.
        case patchForbidden = "E506"
        /// A patch that is too large.
        case patchTooLarge = "E507"
        /// A patch made for an older state of the graph.
        case patchOutdated = "E508"
        /// A plan that names a requirement that does not exist.
        case unknownRequirement = "E601"
        /// A requirement that must be met and that no task serves.
        case uncoveredRequirement = "E602"
        /// A requirement that must be met and that nothing checks.
        case uncheckedRequirement = "E603"
        /// A task that serves no requirement.
        case scopeInvention = "E604"
        /// A plan with a dependency that does not exist.
        case unknownPlanDependency = "E605"
        /// Tasks of a plan that depend on each other in a circle.
        case planCycle = "E606"
        /// Two tasks that may run at the same time and write the same files.
        case overlappingWrites = "E607"
        /// A plan whose estimate is over the budget.
        case planOverBudget = "E608"
        /// A plan that names a tool or capability that does not exist.
        case unknownPlanTool = "E609"
        /// A plan with no task, or too many.
        case planSize = "E610"
        /// A plan without a section that its rigor asks for.
        case missingPlanSection = "E611"
        /// Something that cannot be undone, without compensation or approval.
        case irreversibleTask = "E612"
        /// An answer that is no plan.
        case unreadablePlan = "E613"
        /// A node that can never run.
        case unreachable = "W201"
        /// A case that no edge names.
        case unusedCase = "W202"
        /// An edge that others imply, or one written twice.
        case impliedEdge = "W203"
        /// A value that nothing reads.
        case unusedOutput = "W204"
        /// A write that may be repeated although it cannot take an idempotency key.
        case unsafeRetry = "W205"
        /// A question without a deadline of its own.
        case noDeadline = "W206"
        /// An agent that may spend without limit.
        case noBudget = "W207"
        /// Another spelling was used.
        case alias = "W209"
        /// A dependency of a plan that was dropped.
        case droppedDependency = "W601"
        /// A requirement that should be met and that no task serves.
        case uncoveredWish = "W602"
        /// An expression that is always the same was replaced by its value.
        case foldedConstant = "H701"
        /// An edge that others imply was dropped.
        case reducedEdge = "H702"
        /// A node is evaluated without being dispatched.
        case absorbedNode = "H703"
        /// A node that can never run.
        case deadNode = "H704"
        /// Requests to one host that could share a connection.
        case sharedConnection = "H705"
        /// Nodes that could run at the same time.
        case parallelNodes = "H706"
        /// A result that could be used again.
        case cacheableNode = "H707"
        /// An agent that would do with a smaller model.
        case smallerTier = "H708"

        /// How bad it is, by the first letter.
        public var severity: Severity {
            switch rawValue.utf8.first {
            case UInt8(ascii: "W"): .warning
            case UInt8(ascii: "H"): .hint
            default: .error
            }
        }
    }
}
