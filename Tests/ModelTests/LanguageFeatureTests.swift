// Baton
// SPDX-License-Identifier: Apache-2.0

// InternalImportsByDefault: the other files only say `import Model`, which would be ambiguous without it.
internal import Model
import Testing

// A feature whose name is misspelt in Package.swift is accepted in silence, so that its code would compile as without it.
#if !hasFeature(ExistentialAny)
    #error("ExistentialAny is not on")
#endif
#if !hasFeature(InternalImportsByDefault)
    #error("InternalImportsByDefault is not on")
#endif
#if !hasFeature(MemberImportVisibility)
    #error("MemberImportVisibility is not on")
#endif
#if !hasFeature(NonisolatedNonsendingByDefault)
    #error("NonisolatedNonsendingByDefault is not on")
#endif

/// Code that compiles only with the features on.
@Suite struct LanguageFeatureTests {
    /// NonisolatedNonsendingByDefault: an async function without isolation runs where its caller is, so an actor may
    /// lend it what cannot be sent.
    @Test func `an actor lends its own state to an async function`() async {
        let keeper = Keeper()
        await keeper.keep(2)
        await keeper.keep(3)
        #expect(await keeper.sum == Timestamp(milliseconds: 5))
    }
}

private final class Tally {
    var sum: Int64 = 0
}

private actor Keeper {
    private let tally = Tally()
    var sum: Timestamp { Timestamp(milliseconds: tally.sum) }

    func keep(_ number: Int64) async {
        await add(number, to: tally)
    }
}

private func add(_ number: Int64, to tally: Tally) async {
    tally.sum += number
}
