// swift-tools-version: 6.2
// Baton
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A program around one parser. `scripts/fuzz` builds it with `-sanitize=fuzzer` for the whole build, so that Baton's
/// modules are instrumented too.
func fuzzer(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["Driver", .product(name: "BatonParsers", package: "baton")],
        swiftSettings: settings
    )
}

/// A program that feeds a server.
func server(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["Driver", "Served", .product(name: "BatonServing", package: "baton")],
        swiftSettings: settings
    )
}

let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "baton", path: "..")],
    targets: [
        .target(name: "CLibFuzzer"),
        .target(name: "Driver", dependencies: ["CLibFuzzer"], swiftSettings: settings),
        fuzzer("FuzzJSON"),
        fuzzer("FuzzPatch"),
        fuzzer("FuzzSchema"),
        fuzzer("FuzzCEL"),
        fuzzer("FuzzYAML"),
        fuzzer("FuzzDefinition"),
        fuzzer("FuzzCron"),
        .target(
            name: "Served",
            dependencies: [.product(name: "BatonServing", package: "baton")],
            swiftSettings: settings
        ),
        server("FuzzHTTP1"),
        server("FuzzHTTP2"),
        server("FuzzWebSocket"),
    ]
)
