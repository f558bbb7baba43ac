// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

/// The rows of a ``MemorySecurityStore``, and what a change makes of them.
struct MemorySecurityState {
    var users: [UserID: UserRow] = [:]
    var members: [MemberRow.Key: MemberRow] = [:]
    var apiKeys: [APIKeyID: APIKeyRow] = [:]
    var families: [TokenFamilyID: TokenFamilyRow] = [:]
    var refreshTokens: [String: RefreshTokenRow] = [:]
    var loginFailures: [String: LoginFailureRow] = [:]
    var secrets: [SecretRow.Key: SecretRow] = [:]
    var webhooks = MemoryWebhookRows()
    var toolPins: [ToolPinRow.Key: ToolPinRow] = [:]
    var promptVersions = MemoryPromptVersions()
    var trails: [String: [AuditEntryRow]] = [:]
    var anchors: [String: AuditAnchorRow] = [:]

    mutating func apply(_ change: SecurityChange) throws(StoreError) {
        guard !change.requiresNoUsers || users.isEmpty else { throw .usersExist }
        for row in change.users { try write(row) }
        for row in change.members { members[row.key] = row }
        for key in change.removedMembers { members[key] = nil }
        for row in change.apiKeys { apiKeys[row.id] = row }
        for use in change.keyUses { apiKeys[use.id]?.lastUsedAt = use.at }
        try applyTokens(change)
        for row in change.loginFailures { loginFailures[row.key] = row }
        for key in change.clearedFailures { loginFailures[key] = nil }
        if let time = change.forgetsBefore { forget(before: time) }
        try applySecrets(change)
        try webhooks.apply(change.webhooks)
        for row in change.toolPins { toolPins[row.key] = row }
        for key in change.removedToolPins { toolPins[key] = nil }
        for mark in change.toolPinChanges where toolPins[mark.key]?.hash == mark.hash {
            if toolPins[mark.key]?.changedAt == nil { toolPins[mark.key]?.changedAt = mark.at }
        }
        for row in change.promptVersions { try promptVersions.add(row) }
        for draft in change.audit { append(draft) }
        for row in change.auditAnchors {
            trails[row.tenant]?.removeAll { $0.number <= row.end.number }
            anchors[row.tenant] = row
        }
    }

    private mutating func write(_ row: UserRow) throws(StoreError) {
        let isOther = users.values.contains { $0.id != row.id && $0.email.utf8.elementsEqual(row.email.utf8) }
        guard !isOther, (users[row.id]?.revision ?? 0) + 1 == row.revision else { throw .userTaken(row) }
        users[row.id] = row
    }

    private mutating func applyTokens(_ change: SecurityChange) throws(StoreError) {
        for (hash, time) in change.spentTokens {
            guard let token = refreshTokens[hash], token.spentAt == nil,
                let family = families[token.family], family.revokedAt == nil
            else { throw .tokenSpent }
            refreshTokens[hash]?.spentAt = time
        }
        for row in change.families { families[row.id] = row }
        for row in change.refreshTokens { refreshTokens[row.hash] = row }
        for (id, time) in change.revokedFamilies where families[id]?.revokedAt == nil { families[id]?.revokedAt = time }
        for (user, time) in change.revokedUsers {
            for id in families.keys where families[id]?.user == user && families[id]?.revokedAt == nil {
                families[id]?.revokedAt = time
            }
        }
    }

    private mutating func forget(before time: Timestamp) {
        families = families.filter { $0.value.expiresAt >= time }
        refreshTokens = refreshTokens.filter { $0.value.expiresAt >= time }
        loginFailures = loginFailures.filter { ($0.value.times.last ?? time) >= time }
    }

    private mutating func applySecrets(_ change: SecurityChange) throws(StoreError) {
        for row in change.secrets {
            guard (secrets[row.key]?.version ?? 0) + 1 == row.version else { throw .secretTaken(row.key) }
            secrets[row.key] = row
        }
        for row in change.rewrappedSecrets where secrets[row.key]?.version == row.version {
            secrets[row.key]?.keyVersion = row.keyVersion
            secrets[row.key]?.wrappedKey = row.wrappedKey
        }
        for key in change.removedSecrets {
            guard secrets.removeValue(forKey: key) != nil else { throw .secretGone(key) }
        }
    }

    private mutating func append(_ draft: AuditDraft) {
        let end = trails[draft.tenant]?.last?.end ?? anchors[draft.tenant]?.end ?? .start
        trails[draft.tenant, default: []].append(draft.entry(after: end))
    }
}
