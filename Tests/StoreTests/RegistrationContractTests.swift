// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct RegistrationContractTests {
    @Test(arguments: Backend.allCases)
    func `registrations are kept by kind, tenant and name, replaced and removed`(backend: Backend) throws {
        try backend.runs { store in
            func row(_ kind: RegistrationRow.Kind, _ tenant: String, _ name: String, _ body: UInt8 = 1)
                -> RegistrationRow
            {
                RegistrationRow(key: .init(kind, tenant: tenant, name: name), body: [body, 0])
            }
            #expect(try store.registrations(.worker) == [])
            var commit = Commit()
            commit.registrations = [
                row(.worker, "t", "ä"), row(.worker, "t", "b"), row(.resource, "t", "b"), row(.worker, "a", "z"),
            ]
            _ = try store.commit(commit)
            #expect(
                try store.registrations(.worker) == [
                    row(.worker, "a", "z"), row(.worker, "t", "b"), row(.worker, "t", "ä"),
                ]
            )
            commit.registrations = [row(.worker, "t", "b", 2), row(.resource, "u", "c")]
            // Removing wins over writing in the same commit.
            commit.removedRegistrations = [
                row(.resource, "u", "c").key, row(.worker, "a", "z").key, row(.worker, "x", "y").key,
            ]
            _ = try store.commit(commit)
            #expect(try store.registrations(.worker) == [row(.worker, "t", "b", 2), row(.worker, "t", "ä")])
            #expect(try store.registrations(.resource) == [row(.resource, "t", "b")])
        }
    }
}
