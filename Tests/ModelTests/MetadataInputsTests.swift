import Testing

@testable import Model

@Suite struct MetadataInputsTests {
    private func values(_ names: [String], _ site: Site?) throws -> [Double] {
        var patient = PatientInformation()
        patient.site = site
        return try MetadataInputs(names: names, neutral: [:]).values(for: patient)
    }

    @Test func `a side of the torso is its own input, or the torso's where the network knows no sides`() throws {
        #expect(try values(["site_torso", "site_anterior torso", "site_nan"], .anteriorTorso) == [0, 1, 0])
        #expect(try values(["site_torso", "site_head/neck", "site_nan"], .anteriorTorso) == [1, 0, 0])
        #expect(try values(["site_torso", "site_head/neck", "site_nan"], .headNeck) == [0, 1, 0])
    }

    @Test(arguments: [nil, Site.unknown])
    func `a site that is not known is said to be missing`(site: Site?) throws {
        #expect(try values(["site_torso", "site_nan"], site) == [0, 1])
    }
}
