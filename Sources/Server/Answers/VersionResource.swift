// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Store

extension ArtifactRow {
    /// A version as the API has it: `{name, version, hash, kind, depth, owner, creator, created_at, …}`.
    public var resource: JSONObject { json }
}
