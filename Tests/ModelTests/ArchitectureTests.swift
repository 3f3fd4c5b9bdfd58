import Testing

@testable import Model

@Suite struct ArchitectureTests {
    @Test func `B7 has the widths and depths of the paper`() throws {
        let b7 = try Architecture(name: "tf_efficientnet_b7_ns")
        #expect(b7.stages.map(\.channels) == [32, 48, 80, 160, 224, 384, 640])
        #expect(b7.stages.map(\.repeats) == [4, 7, 7, 10, 10, 13, 4])
        #expect(b7.stemChannels == 64 && b7.headChannels == 2560)
        #expect(b7.padding == .same && b7.batchNormEpsilon == 1e-3)
    }

    @Test func `Lite4 keeps its stem, its head and the depth of its first and last stage`() throws {
        let lite = try Architecture(name: "efficientnet_lite4")
        #expect(lite.stages.map(\.repeats) == [1, 4, 4, 6, 6, 8, 1])
        #expect(lite.stemChannels == 32 && lite.headChannels == 1280)
        #expect(!lite.hasSqueezeExcitation && lite.activation == .relu6 && lite.padding == .symmetric)
    }

    @Test(arguments: ["tf_efficientnet_b0.ns_jft_in1k", "tf_efficientnet_b0_ap", "tf_efficientnet_b0"])
    func `a training recipe in the name changes nothing`(_ name: String) throws {
        var architecture = try Architecture(name: name)
        architecture.name = "tf_efficientnet_b0_ns"
        #expect(architecture == (try Architecture(name: "tf_efficientnet_b0_ns")))
    }

    @Test(arguments: ["", "resnet50", "efficientnet_b9", "efficientnet_lite5", "efficientnetv2_s", "tf_efficientnet_"])
    func `a name that is no EfficientNet of the table is refused`(_ name: String) {
        #expect(throws: ModelError.architecture(name)) { try Architecture(name: name) }
    }

    @Test(arguments: [
        (224, 3, 2, 112, 0), (75, 3, 2, 38, 1), (56, 5, 2, 28, 1), (38, 5, 2, 19, 1), (19, 5, 1, 19, 2), (1, 3, 2, 1, 1),
    ])
    func `SAME padding puts the odd zero behind`(size: Int, kernel: Int, stride: Int, output: Int, before: Int) {
        let geometry = ConvolutionGeometry(
            input: Shape(channels: 8, height: size, width: size), kernel: kernel, stride: stride, padding: .same)
        #expect(geometry.outputHeight == output && geometry.padTop == before && geometry.padLeft == before)
    }
}

@Suite struct ArenaLayoutTests {
    @Test func `buffers that live at the same time never overlap, and memory is used again`() {
        var random = SplitMix(name: "arena")
        for _ in 0..<50 {
            var layout = ArenaLayout()
            var lives: [(count: Int, life: ClosedRange<Int>)] = []
            for _ in 0..<40 {
                let count = 1 + Int(random.next() % 1000)
                let start = Int(random.next() % 60)
                let end = start + Int(random.next() % 8)
                let buffer = layout.add(count: count)
                layout.use(buffer, at: end)
                layout.use(buffer, at: start)
                lives.append((count, start...end))
            }
            let (offsets, total) = layout.offsets()
            for a in lives.indices {
                #expect(offsets[a] % 16 == 0 && offsets[a] + lives[a].count <= total)
                for b in lives.indices where b > a && lives[a].life.overlaps(lives[b].life) {
                    #expect(offsets[a] + lives[a].count <= offsets[b] || offsets[b] + lives[b].count <= offsets[a])
                }
            }
            #expect(total < lives.reduce(0) { $0 + $1.count })
        }
    }
}
