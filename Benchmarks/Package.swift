// swift-tools-version: 6.2
// Baton
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Measured against limits and peers in the same run; never part of the tests.
func benchmark(
    _ name: String,
    of product: String = "BatonModules",
    _ dependencies: [Target.Dependency] = [],
    settings: [SwiftSetting] = []
) -> Target {
    .executableTarget(
        name: name,
        dependencies: [.product(name: product, package: "baton")] + dependencies,
        swiftSettings: [.swiftLanguageMode(.v6)] + settings
    )
}

let package = Package(
    name: "Benchmarks",
    dependencies: [.package(name: "baton", path: "..")],
    targets: [
        .systemLibrary(name: "CRawSQLite", pkgConfig: "sqlite3"),
        benchmark("CELBenchmark"),
        benchmark("JSONBenchmark"),
        benchmark("SchemaBenchmark"),
        benchmark("DefinitionBenchmark", of: "BatonParsers"),
        .target(
            name: "Measuring",
            dependencies: [.product(name: "BatonModules", package: "baton"), "CRawSQLite"],
            swiftSettings: [.swiftLanguageMode(.v6)]
        ),
        benchmark("EngineBenchmark", ["Measuring"]),
        benchmark("ScaleBenchmark", ["Measuring"]),
        benchmark("AgentBenchmark", of: "BatonAgents", ["Measuring"]),
        benchmark("ServingBenchmark", of: "BatonServing"),
        benchmark(
            "SearchBenchmark",
            of: "BatonKnowledge",
            ["Measuring"],
            settings: [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]
        ),
        // Measures the program from outside.
        .executableTarget(name: "APIBenchmark", swiftSettings: [.swiftLanguageMode(.v6)]),
    ]
)
