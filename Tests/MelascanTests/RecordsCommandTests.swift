import Foundation
import Records
import Testing

@testable import melascan

/// The tool's commands for devices and records, as an administrator types them.
@Suite struct RecordsCommandTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "melascan-tool-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try body(folder.path(percentEncoded: false))
    }

    private static let texts = """
        {"version": "7", "controller": "The clinic", "validity_days": {"processing": 30, "donation": 3650}, "texts": [
         {"language": "en", "processing": {"summary": "a", "text": "b"}, "donation": {"summary": "c", "text": "d"}}]}
        """

    /// A store with one donated case; its folder, its key file and the patient's code.
    private func withCase(_ body: (_ records: String, _ key: String, _ code: String, _ folder: String) throws -> Void) throws {
        try withFolder { folder throws in
            let (records, key) = (folder + "/records", folder + "/key")
            #expect(try ToolRun(["records", "new-key", key]).status == 0)
            try Data(Self.texts.utf8).write(to: URL(filePath: folder + "/consent.json"))
            let store = try RecordsStore(records)
            let keys = try KeyRing(file: key)
            let statement = ConsentStore.Declaration(purposes: [.donation], language: "en", textVersion: "7")
            let code = try store.consents(keys: keys).record(
                statement, under: ConsentTexts(file: folder + "/consent.json"), by: "phone"
            ).code
            var facts = CaseFacts()
            facts.sex = .female
            facts.age = 63
            facts.site = .torso
            facts.fitzpatrick = 6
            facts.monk = 9
            facts.diameter = 4.52
            facts.familyHistory = true
            facts.camera = .phone
            facts.histology = .melanoma
            _ = try store.cases(keys: keys).donate(Data([0xFF, 0xD8, 0xFF]), facts, consent: code, by: "phone")
            try body(records, key, code.printed, folder)
        }
    }

    @Test func `a device is admitted, listed, rotated and revoked`() throws {
        try withFolder { folder throws in
            let store = ["--records", folder + "/records"]
            let added = try ToolRun(
                [
                    "token", "add", "Room 3 phone", "--role", "doctor", "--expires", "2099-12-31", "--address",
                    "http://192.0.2.1:8080/",
                ] + store)
            #expect(added.status == 0 && added.output.contains("until 2099-12-31"))
            let token = try #require(added.output.firstMatch(of: /\n    (mela_[0-9a-z_]+)\n/)?.1)
            #expect(added.output.contains("http://192.0.2.1:8080/#token=\(token)\n"))
            #expect(added.output.contains("█▀▀▀▀▀█"), "a QR code has its three corners")
            #expect(try RecordsStore(folder + "/records").devices.device(for: String(token))?.role == .doctor)

            let listed = try ToolRun(["token", "list"] + store)
            #expect(
                listed.output.contains("Room 3 phone  doctor  valid  2099-12-31") && !listed.output.contains(token.suffix(20)))
            let rotated = try ToolRun(["token", "rotate", "Room 3 phone"] + store)
            #expect(rotated.status == 0 && !rotated.output.contains(token))
            #expect(try ToolRun(["token", "revoke", "Room 3 phone"] + store).status == 0)
            #expect(try ToolRun(["token", "list"] + store).output.contains("revoked 20"))
            let verified = try ToolRun(["audit", "verify"] + store)
            #expect(verified.output.hasPrefix("3 entries, unbroken."))
        }
    }

    @Test(arguments: [
        (["token", "add", "x", "--role", "nurse"], "doctor"),
        (["token", "add", "x", "--role", "doctor", "--expires", "soon"], "2027-12-31"),
        (["token", "add", "x", "--role", "doctor", "--expires", "2020-01-01"], "future"),
        (["token", "revoke", "nobody"], "no device"),
        (["token", "add", "x", "--role", "doctor", "--address", "phone"], "http"),
    ])
    func `what makes no sense is said`(arguments: [String], words: String) throws {
        try withFolder { folder throws in
            _ = try RecordsStore(folder + "/records")
            let run = try ToolRun(arguments + ["--records", folder + "/records"])
            #expect(run.status != 0 && run.output.contains(words), "\(run.output)")
        }
    }

    @Test func `a folder without records, and none at all, are said`() throws {
        try withFolder { folder throws in
            for command in [["token", "list"], ["records", "expire"], ["audit", "verify"]] {
                let run = try ToolRun(command + ["--records", folder])
                #expect(run.status != 0 && run.output.contains("there are no records there"))
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            }
            let run = try ToolRun(["token", "list"])
            #expect(run.status != 0 && run.output.contains("--records"))
        }
    }

    @Test func `an export is an ISIC table with its photos, and is in the log`() throws {
        try withCase { records, key, _, folder throws in
            let run = try ToolRun(["records", "export", "--to", folder + "/export", "--records", records, "--key", key])
            #expect(run.status == 0 && run.output.contains("1 cases"), "\(run.output)")
            let table = try String(contentsOfFile: folder + "/export/metadata.csv", encoding: .utf8).split(separator: "\n")
            let names = table[0].split(separator: ",", omittingEmptySubsequences: false)
            // The diagnosis has a comma in it.
            let cells = table[1].replacing("\"Melanoma, NOS\"", with: "Melanoma; NOS").split(
                separator: ",", omittingEmptySubsequences: false)
            let row = Dictionary(uniqueKeysWithValues: zip(names.map(String.init), cells.map(String.init)))
            #expect(table.count == 2 && names.count == cells.count)
            #expect(
                row["age"] == "65" && row["sex"] == "female" && row["fitzpatrick_skin_type"] == "VI"
                    && row["monk_skin_tone"] == "9")
            #expect(row["anatom_site_general"] == "" && row["site_as_given"] == "torso" && row["diagnosis"] == "Melanoma; NOS")
            #expect(
                row["diagnosis_confirm_type"] == "histopathology" && row["clin_size_long_diam_mm"] == "4.5"
                    && row["family_hx_mm"] == "true")
            #expect(row["image_type"] == "clinical: close-up")
            let photo = folder + "/export/images/" + (row["filename"] ?? "")
            #expect(try Data(contentsOf: URL(filePath: photo)) == Data([0xFF, 0xD8, 0xFF]))
            #expect(try String(contentsOfFile: folder + "/export/balance.md", encoding: .utf8).contains("| VI | 1 | 1 |"))
            #expect(try String(contentsOfFile: folder + "/export/balance.svg", encoding: .utf8).hasPrefix("<svg"))
            let log = try ToolRun(["audit", "list", "--records", records])
            #expect(log.output.contains("\"export\"") && log.output.contains("\\\"cases\\\":1"))
            let again = try ToolRun(["records", "export", "--to", folder + "/export", "--records", records, "--key", key])
            #expect(again.status != 0 && again.output.contains("there already"))
            let balance = try ToolRun(["records", "balance", "--records", records, "--key", key])
            #expect(balance.output.hasPrefix("1 cases, 1 with a histology.") && balance.output.contains("palms/soles"))
        }
    }

    @Test func `a code erases what was kept, backups are named, and the export is empty then`() throws {
        try withCase { records, key, code, folder throws in
            let options = ["--records", records, "--key", key]
            let backup = try ToolRun(["records", "backup", "--to", folder + "/backups", "--records", records])
            #expect(backup.status == 0 && backup.output.contains("records-20"))
            let wrong = try ToolRun(["records", "erase", "00000-00000-00000-00000"] + options)
            #expect(wrong.status != 0 && wrong.output.contains("no consent with this code"))
            let run = try ToolRun(["records", "erase", code.lowercased(), "--backups", folder + "/backups"] + options)
            #expect(
                run.status == 0 && run.output.contains("1 photos deleted") && run.output.contains(folder + "/backups/records-20"))
            #expect(try ToolRun(["records", "export", "--to", folder + "/export"] + options).output.contains("0 cases"))
        }
    }

    @Test func `a key is made once, for its owner, and is changed without loss`() throws {
        try withCase { records, key, _, folder throws in
            let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int
            #expect(mode == 0o400)
            let again = try ToolRun(["records", "new-key", key])
            #expect(again.status != 0 && again.output.contains("there already"))
            let (old, new) = (try String(contentsOfFile: key, encoding: .utf8), KeyRing.newLine())
            func write(_ text: String) throws {
                try FileManager.default.removeItem(atPath: key)
                _ = FileManager.default.createFile(atPath: key, contents: Data(text.utf8), attributes: [.posixPermissions: 0o400])
            }
            try write(new)
            let options = ["--records", records, "--key", key]
            let refused = try ToolRun(["records", "rekey"] + options)
            #expect(refused.status != 0 && refused.output.contains("an older one's line is missing"))
            try write(new + old)
            #expect(try ToolRun(["records", "rekey"] + options).output.hasPrefix("2 rows"))
            try write(new)
            #expect(try ToolRun(["records", "export", "--to", folder + "/export"] + options).output.contains("1 cases"))
            #expect(try ToolRun(["records", "expire", "--records", records]).output.hasPrefix("Deleted: 0"))
        }
    }
}
