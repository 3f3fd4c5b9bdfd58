import Foundation

@testable import Model

/// Files under `Tests/Fixtures`.
enum Fixtures {
    static func data(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appending(path: name))
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let folder = root.appending(path: "Tests/Fixtures")
}

extension Ensemble {
    /// A photo's whole way: plan, reading, answer.
    func analyze(
        _ photo: PreparedPhoto, _ request: AnalysisRequest = AnalysisRequest(), under practice: Practice = Practice(),
        for observer: Observer = Observer()
    ) throws -> Analysis {
        let plan = try AnalysisPlan(request, under: practice, of: manifest)
        return Analysis(try read(photo, by: plan, for: observer), timing: .init(), by: self)
    }

    var syntheticPhoto: PreparedPhoto { prepare(SyntheticLesion.image(width: 320, height: 240)) }
}
