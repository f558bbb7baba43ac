// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON

/// Small random changes to the form of a document.
enum DocumentMutation {
    private static let values: [JSONValue] = [
        nil, true, false, 0, 1, -1, 2.5, 100_001, "", "x", "10s", "all", "${ 1 }", [], ["x"], [1], [:], ["x": 1],
    ]

    /// The document with one member or element changed.
    static func mutate(_ document: JSONValue, _ random: inout SplitMix) -> JSONValue {
        let places = places(in: document)
        let place = places[Int(random.next() % UInt64(places.count))]
        let operation: JSONValue
        switch random.next() % 3 {
        case 0: operation = ["op": "remove", "path": .string(place.description)]
        case 1:
            let value = values[Int(random.next() % UInt64(values.count))]
            operation = ["op": "replace", "path": .string(place.description), "value": value]
        default:
            let name = String((place.tokens.last ?? "x").reversed()) + "q"
            let other = JSONPointer(tokens: place.tokens.dropLast() + [name])
            operation = ["op": "add", "path": .string(other.description), "value": "x"]
        }
        return (try? JSONPatch([operation]).apply(to: document)) ?? document
    }

    /// Everything but the top.
    private static func places(in value: JSONValue) -> [JSONPointer] {
        var found: [JSONPointer] = []
        func walk(_ value: JSONValue, _ place: JSONPointer) {
            switch value {
            case .object(let object):
                for member in object {
                    let inner = place.appending(member.key)
                    found.append(inner)
                    walk(member.value, inner)
                }
            case .array(let items):
                for (index, item) in items.enumerated() {
                    found.append(place.appending(index))
                    walk(item, place.appending(index))
                }
            default: break
            }
        }
        walk(value, .root)
        return found
    }

    /// A mistake of form, as opposed to one of meaning.
    static func isAboutForm(_ diagnostic: Diagnostic) -> Bool {
        [.unknownKey, .invalidValue, .missingKey, .invalidName, .invalidTime, .invalidConfig, .unboundedLoop]
            .contains(diagnostic.code)
    }
}
