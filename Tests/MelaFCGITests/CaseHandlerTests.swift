import Foundation
import HTTPTypes
import Imaging
import Records
import Testing

@testable import MelaFCGI

@Suite struct CaseHandlerTests {
    private let photo = (try? TestService.fixture("landscape.jpg")) ?? Data()

    private func type(_ response: Response) throws -> String? {
        (try response.json()["type"] as? String)?.replacing("urn:melascan:problem:", with: "")
    }

    private func form(_ consent: String) -> TestForm { TestForm().adding("consent", consent).adding(image: photo) }

    private func kept(_ archive: TestArchive) throws -> [CaseStore.Case] {
        var kept: [CaseStore.Case] = []
        let keys = try KeyRing(file: archive.service.settings.key ?? "")
        try archive.store.cases(keys: keys).forEach { kept.append($0) }
        return kept
    }

    @Test func `a photo is kept with its facts, and found by its number for the histology`() throws {
        try TestArchive.with { archive throws in
            let full = try form(archive.consent()).adding("sex", "female").adding("age", "91").adding("site", "posterior torso")
                .adding("fitzpatrick", "5").adding("monk", "8").adding("diameter", "4.5").adding("personal_history", "no")
                .adding("family_history", "yes").adding("sun_exposure", "high").adding("changed", "yes").adding("nodular", "no")
                .adding("skin_care", "no").adding("camera", "phone with dermatoscope")
            let response = archive.router.respond(to: full.request("/v1/cases"))
            let number = try #require(try response.json()["case"] as? String)
            #expect(response.status == .created && number.count == 11)
            let histology = TestForm().adding("case", number.lowercased()).adding("histology", "melanoma in situ")
            #expect(archive.router.respond(to: histology.request("/v1/cases/histology")).status == .ok)
            let facts = try #require(try kept(archive).first?.facts)
            #expect(facts.sex == .female && facts.age == 85 && facts.site == .posteriorTorso && facts.fitzpatrick == 5)
            #expect(facts.monk == 8 && facts.diameter == 4.5 && facts.personalHistory == false && facts.familyHistory == true)
            #expect(facts.sunExposure == .high && facts.changed == true && facts.nodular == false && facts.skinCare == false)
            #expect(facts.camera == .phoneWithDermatoscope && facts.histology == .melanomaInSitu)

            let token = try archive.token(.admin)
            var balance = TestForm().request("/v1/cases/balance", token: token)
            balance.method = .get
            let json = try archive.router.respond(to: balance).json()
            #expect(json["cases"] as? Int == 1 && json["with_histology"] as? Int == 1 && (json["parts"] as? [Any])?.count == 5)
        }
    }

    @Test func `a sex or site that is not known counts as not given`() throws {
        try TestArchive.with { archive throws in
            let form = try form(archive.consent()).adding("sex", "unknown").adding("site", "unknown").adding("age", "40")
            #expect(archive.router.respond(to: form.request("/v1/cases")).status == .created)
            let facts = try #require(try kept(archive).first?.facts)
            #expect(facts.sex == nil && facts.site == nil && facts.age == 40)
        }
    }

    @Test func `the photo is kept upright and without anything that is not picture`() throws {
        try TestArchive.with { archive throws in
            let exif = try TestService.fixture("orientation-6.jpg")
            #expect(exif.range(of: Data("Exif".utf8)) != nil)
            let upload = TestForm().adding("consent", try archive.consent()).adding(image: exif + Data("behind the end".utf8))
            #expect(archive.router.respond(to: upload.request("/v1/cases")).status == .created)
            let clean = try #require(try kept(archive).first?.photo)
            for trace in ["Exif", "GPS", "behind", "http", "Photoshop"] { #expect(clean.range(of: Data(trace.utf8)) == nil) }
        }
    }

    @Test func `without a consent that covers donation nothing is kept`() throws {
        try TestArchive.with { archive throws in
            let processing = try archive.consent(donation: "refused")
            #expect(try type(archive.router.respond(to: form(processing).request("/v1/cases"))) == "field-invalid")
            #expect(
                try type(archive.router.respond(to: form("ABCDE-FGHJK-MNPQR-STVWX").request("/v1/cases"))) == "record-unknown")
            #expect(try type(archive.router.respond(to: TestForm().adding(image: photo).request("/v1/cases"))) == "field-invalid")
            #expect(try kept(archive).isEmpty)
        }
    }

    @Test func `what makes no sense is named, and nothing is kept`() throws {
        try TestArchive.with { archive throws in
            let code = try archive.consent()
            for (field, value) in [
                ("monk", "11"), ("monk", "0"), ("fitzpatrick", "7"), ("age", "121"), ("age", "old"), ("diameter", "-1"),
                ("diameter", "4,5"), ("diameter", "nan"), ("sex", "none"), ("site", "elbow"), ("changed", "maybe"),
                ("camera", "x"),
            ] {
                let response = archive.router.respond(to: form(code).adding(field, value).request("/v1/cases"))
                #expect(
                    try type(response) == "field-invalid" && response.json()["field"] as? String == field, "\(field)=\(value)")
            }
            let strange = archive.router.respond(to: form(code).adding("colour", "brown").request("/v1/cases"))
            #expect(try type(strange) == "field-invalid" && strange.json()["field"] == nil && !strange.text.contains("brown"))
            let noPhoto = TestForm().adding("consent", code).adding(image: Data("GIF89a".utf8))
            #expect(archive.router.respond(to: noPhoto.request("/v1/cases")).status.code == 415)
            let unknown = TestForm().adding("case", "00000-00000").adding("histology", "nevus")
            #expect(try type(archive.router.respond(to: unknown.request("/v1/cases/histology"))) == "record-unknown")
            let odd = TestForm().adding("case", "00000-00000").adding("histology", "something")
            #expect(try type(archive.router.respond(to: odd.request("/v1/cases/histology"))) == "field-invalid")
            #expect(try kept(archive).isEmpty)
        }
    }

    @Test func `where donation is not switched on it can't be given, and a withdrawal takes the photo`() throws {
        try TestArchive.with(change: { $0.donation = false }) { archive throws in
            let response = archive.router.respond(to: TestArchive.statement("granted", "granted").request("/v1/consents"))
            #expect(try type(response) == "field-invalid" && response.json()["field"] as? String == "donation")
            #expect(try type(archive.router.respond(to: form("x").request("/v1/cases"))) == "not-offered")
        }
        try TestArchive.with { archive throws in
            let code = try archive.consent()
            let token = try archive.token()
            let sent = (0..<2).map { _ in archive.router.respond(to: form(code).request("/v1/cases", token: token, key: "again"))
            }
            #expect(try Set(sent.map { try $0.json()["case"] as? String }).count == 1)
            let json = try archive.router.respond(to: TestForm().adding("code", code).request("/v1/withdrawals")).json()
            #expect(try json["photos_deleted"] as? Int == 1 && kept(archive).isEmpty)
            #expect(try archive.kinds() == ["consent", "donation", "withdrawal"])
        }
    }
}
