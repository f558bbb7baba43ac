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
        /// Not a duration or a timestamp.
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
        /// An edge names a case that its source does not have.
        case unknownCase = "E209"
        /// Two nodes that may run at the same time write one variable.
        case variableConflict = "E213"
        /// A quorum larger than the number of incoming edges.
        case quorumTooLarge = "E214"
        /// More nodes or edges than the limits allow.
        case graphTooLarge = "E216"
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
        /// A function that does not exist, or wrong arguments.
        case unknownFunction = "E307"
        /// A node type that does not exist.
        case unknownNodeType = "E401"
        /// A tool that does not exist.
        case unknownTool = "E402"
        /// The configuration does not fit the node type.
        case invalidConfig = "E403"
        /// A URL that the network policy refuses.
        case refusedURL = "E405"
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
        /// Another spelling was used.
        case alias = "W209"

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
