import Foundation
import Model
import Testing

@testable import MelaFCGI

/// The bundle for record systems. (`training/validate_fhir.py` holds a running server's to the models of FHIR R4.)
@Suite struct FHIRTests {
    private let photo = (try? TestService.fixture("landscape.jpg")) ?? Data()

    private func bundle(_ service: Service, _ form: TestForm) throws -> [String: Any] {
        let response = Router(service: service).respond(to: form.request(accept: "application/fhir+json"))
        #expect(response.status == .ok && response.headers[.contentType] == "application/fhir+json")
        return try response.json()
    }

    private func resources(_ bundle: [String: Any], _ type: String) -> [[String: Any]] {
        (bundle["entry"] as? [[String: Any]] ?? []).compactMap { $0["resource"] as? [String: Any] }.filter {
            $0["resourceType"] as? String == type
        }
    }

    @Test func `every reference leads to an entry, and all is preliminary and marked as asserted by AI`() throws {
        let form = TestForm().adding("age", "63").adding("sex", "female").adding("site", "torso").adding("views", "1").adding(
            image: photo)
        let bundle = try bundle(TestService.make(), form)
        let addresses = Set((bundle["entry"] as? [[String: Any]] ?? []).compactMap { $0["fullUrl"] as? String })
        #expect(addresses.count == 6)
        func references(_ value: Any) -> [String] {
            switch value {
            case let object as [String: Any]: (object["reference"] as? String).map { [$0] } ?? object.values.flatMap(references)
            case let array as [Any]: array.flatMap(references)
            default: []
            }
        }
        let found = references(bundle)
        #expect(found.count >= 9 && found.allSatisfy(addresses.contains))
        let risk = try #require(resources(bundle, "RiskAssessment").first)
        #expect(risk["status"] as? String == "preliminary" && (risk["basis"] as? [Any])?.count == 2)
        let json = String(decoding: try JSONSerialization.data(withJSONObject: risk), as: UTF8.self)
        #expect(json.contains("AIAST") && json.contains("C43") && json.contains("Decision support, not a diagnosis."))
        #expect(resources(bundle, "Patient").first?["gender"] as? String == "female")
        #expect(resources(bundle, "Observation").count == 2 && resources(bundle, "Provenance").count == 1)
    }

    @Test func `a score that is not calibrated is no probability`() throws {
        let bundle = try bundle(TestService.make(), TestForm().adding("views", "1").adding(image: photo))
        let prediction = try #require((resources(bundle, "RiskAssessment").first?["prediction"] as? [[String: Any]])?.first)
        #expect(prediction["probabilityDecimal"] == nil && prediction["qualitativeRisk"] != nil)
        let score = try #require(resources(bundle, "Observation").first)
        #expect((score["valueQuantity"] as? [String: Any])?["value"] is Double && (score["component"] as? [Any])?.count == 9)
        #expect("\(score["code"] ?? "")".contains("not calibrated"))
    }

    @Test func `a calibrated probability is given in per cent`() throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "melascan-fhir-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: copy) }
        try FileManager.default.copyItem(at: TestService.root.appending(path: "ensembles/default"), to: copy)
        let file = copy.appending(path: "ensemble.json")
        var manifest = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] ?? [:]
        manifest["calibration"] = ["method": "platt", "parameters": ["slope": 1, "intercept": -2], "prevalence": 0.02]
        try JSONSerialization.data(withJSONObject: manifest).write(to: file)
        let service = try TestService.make { $0.ensemble = copy.path(percentEncoded: false) }
        let form = TestForm().adding("views", "1").adding(image: photo)
        let analysis = try Router(service: service).respond(to: form.request()).json()
        let prediction = try #require(
            (resources(try bundle(service, form), "RiskAssessment").first?["prediction"] as? [[String: Any]])?.first)
        let percent = try #require(prediction["probabilityDecimal"] as? Double)
        #expect(abs(percent - 100 * (analysis["probability"] as? Double ?? 9)) < 1e-4)
    }

    @Test func `a photo that can't be judged has a reason in place of figures`() throws {
        let form = TestForm().adding("views", "1").adding(image: try TestService.fixture("grayscale.jpg"))
        let bundle = try bundle(TestService.make(), form)
        let score = try #require(resources(bundle, "Observation").first)
        #expect(score["valueQuantity"] == nil && score["component"] == nil && score["dataAbsentReason"] != nil)
        let prediction = try #require((resources(bundle, "RiskAssessment").first?["prediction"] as? [[String: Any]])?.first)
        #expect("\(prediction["qualitativeRisk"] ?? "")".contains("cannot_judge"))
    }

    @Test func `what a bundle can't be made of is a problem as for any program`() throws {
        let response = Router(service: try TestService.make()).respond(
            to: TestForm().adding("age", "999").adding(image: photo).request(accept: "application/fhir+json"))
        #expect(response.status.code == 422 && response.headers[.contentType] == "application/problem+json")
    }
}
