import Foundation
import Testing

@testable import melascan

@Suite struct FoundSettingsTests {
    private func settings(_ environment: [String: String], file text: String = "") throws -> FoundSettings {
        let file = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString).env")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        return FoundSettings(environment: environment, file: file.path(percentEncoded: false))
    }

    @Test func `the environment comes before the file, whose last line counts`() throws {
        let file = """
            # MELASCAN_RECORDS=/comment
            MELASCAN_RECORDS=/first
              MELASCAN_RECORDS = "/a=b"
            MELASCAN_RECORDS=
            #MELASCAN_KEYS=/k
            MELASCAN_KEY='/k'
            """
        let fromFile = try settings(["MELASCAN_RECORDS": ""], file: file)
        #expect(try fromFile.value("MELASCAN_RECORDS") == "/a=b" && fromFile.value("MELASCAN_KEY") == "/k")
        #expect(try settings(["MELASCAN_RECORDS": "/r"], file: file).value("MELASCAN_RECORDS") == "/r")
        #expect(try FoundSettings(environment: [:], file: "/nowhere").value("MELASCAN_RECORDS") == nil)
        #expect(fromFile.unknown.isEmpty)
    }

    @Test(arguments: [true, false])
    func `a misspelt name stops what may be meant, and is told of elsewhere`(isInFile: Bool) throws {
        let found =
            isInFile
            ? try settings(["MELASCAN_KEY": "/k"], file: "MELASCAN_RECORD=/r")
            : try settings(["MELASCAN_KEY": "/k", "MELASCAN_RECORD": "/r"], file: "MELASCAN_RECORDS=/installed")
        #expect(throws: Complaint("MELASCAN_RECORD is not a setting; MELASCAN_RECORDS may be meant.")) {
            try found.value("MELASCAN_RECORDS")
        }
        #expect(try found.value("MELASCAN_KEY") == "/k" && found.unknown.map(\.name) == ["MELASCAN_RECORD"])
    }
}
