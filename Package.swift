// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "MelaScan",
    products: [
        .executable(name: "MelaFCGI", targets: ["MelaFCGI"]),
        .executable(name: "melascan", targets: ["melascan"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
        .target(name: "CKernels"),
        .target(name: "CJPEG"),
        .target(name: "Imaging", dependencies: ["CJPEG", "CTurboJPEG"]),
        .target(
            name: "Model",
            dependencies: [
                "Imaging", "CKernels", "COpenBLAS",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            resources: [.embedInCode("Resources/en.json")]
        ),
        .target(name: "Checkpoints"),
        .target(name: "SettingNames"),
        .target(
            name: "Records",
            dependencies: [
                "Model", "CPostgreSQL", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),
        .target(
            name: "Import",
            dependencies: ["Checkpoints", "Model", .product(name: "Crypto", package: "swift-crypto")]
        ),
        .executableTarget(
            name: "MelaFCGI",
            dependencies: [
                "Records", "Model", "Imaging", "CFastCGI", "SettingNames",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.embedInCode("Resources/openapi.json")]
        ),
        .executableTarget(
            name: "melascan",
            dependencies: [
                "Import", "Records", "Model", "Imaging", "CQREncode", "SettingNames",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SwiftCSV", package: "SwiftCSV"),
            ]
        ),
        .testTarget(
            name: "ImagingTests", dependencies: ["Imaging", .product(name: "Crypto", package: "swift-crypto")]),
        .testTarget(
            name: "ModelTests",
            dependencies: ["Model", "Imaging", "CKernels", .product(name: "Crypto", package: "swift-crypto")]),
        .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints"]),
        .testTarget(
            name: "ImportTests",
            dependencies: [
                "Import", "Checkpoints", "Model", "Imaging", .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .testTarget(name: "RecordsTests", dependencies: ["Records"]),
        .testTarget(name: "MelaFCGITests", dependencies: ["Records", "MelaFCGI", "Model", "Imaging", "SettingNames"]),
        .testTarget(name: "MelascanTests", dependencies: ["melascan", "Records"]),
        .testTarget(name: "EndToEndTests", path: "Tests/EndToEnd"),
    ],
    swiftLanguageModes: [.v6]
)
