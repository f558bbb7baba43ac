// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What is known in a project: a sentence that helps whoever works in it.
public struct FindingRow: Sendable, Equatable {
    /// What a finding is about (spec 8.9).
    public enum Category: String, Sendable, CaseIterable {
        case constraint
        case decision
        case discovery
        case reference
        case gotcha
        case architecture
    }

    /// Its id.
    public var id: FindingID
    /// The tenant.
    public var tenant: String
    /// The project.
    public var project: String
    /// What it is about.
    public var category: Category
    /// What it says.
    public var text: String
    /// The same for texts with the same words; unique within the project.
    public var words: String
    /// Who wrote it down.
    public var author: String
    /// When.
    public var createdAt: Timestamp
    /// When it was changed last.
    public var updatedAt: Timestamp

    /// Puts a row together.
    public init(
        id: FindingID,
        tenant: String,
        project: String,
        category: Category,
        text: String,
        words: String,
        author: String,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        (self.id, self.tenant, self.project, self.category, self.text) = (id, tenant, project, category, text)
        (self.words, self.author, self.createdAt, self.updatedAt) = (words, author, createdAt, updatedAt)
    }
}

extension StoreError {
    /// Another finding of the project says the same.
    public static func findingTaken(_ row: FindingRow) -> Self {
        Self(.conflict, "Another finding of the project \(row.project) says the same.")
    }
}
