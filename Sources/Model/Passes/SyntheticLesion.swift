import Imaging

/// A picture of a mole that never was, made by integer arithmetic alone, so that every installation can test itself on the
/// very same pixels. `training/deterministic.py` is the Python twin and gives the formula.
enum SyntheticLesion {
    private typealias Lobe = (x: Int, y: Int, radius: Int, strength: Int)

    // Centres and radii in units of which 1024 are half of the picture's short side.
    private static let outline: [Lobe] = [
        (-60, 30, 560, 768), (240, -210, 420, 768), (-330, -170, 330, 640), (150, 310, 380, 768), (-330, 230, 260, 640),
    ]
    private static let shades: [Lobe] = [
        (80, -110, 300, 130), (-210, 170, 230, 80), (290, 40, 200, 70), (-260, -160, 210, 60), (130, 330, 190, 50),
    ]
    private static let skin = [226, 180, 156]
    /// What full depth takes away from the skin.
    private static let pigment = [112, 122, 118]

    static func image(width: Int, height: Int) -> Image {
        Image(width: width, height: height, rgb: pixels(width: width, height: height))
    }

    /// (height, width, 3) RGB bytes.
    static func pixels(width: Int, height: Int) -> [UInt8] {
        let side = min(width, height)
        var noise = SplitMix(name: "lesion")
        var rgb: [UInt8] = []
        rgb.reserveCapacity(width * height * 3)
        for row in 0..<height {
            let y = (2 * row + 1) * 1024 / side - height * 1024 / side
            for column in 0..<width {
                let x = (2 * column + 1) * 1024 / side - width * 1024 / side
                let light = 256 - (x * x + y * y) / 65536 - column * 24 / width
                let depth = depth(x: x, y: y)
                let grain = Int(noise.next() >> 62) - 1
                for channel in 0..<3 {
                    let shade = skin[channel] - (pigment[channel] * depth) >> 8
                    let value = (shade * light) >> 8 + grain
                    rgb.append(UInt8(max(0, min(255, value))))
                }
            }
        }
        return rgb
    }

    /// How much pigment lies at a point, 0...255: the outline's plateau, deeper in the shades, woven through by a network of lines.
    private static func depth(x: Int, y: Int) -> Int {
        let edge = min(max(glow(outline, x: x, y: y) - 100, 0), 256)
        let depth = min((edge * (80 + glow(shades, x: x, y: y))) >> 8, 255)
        let weave = min(abs(((x + y) & 127) - 64), abs(((x - y) & 127) - 64))
        return min(depth + (depth * (32 - weave)) >> 9, 255)
    }

    private static func glow(_ lobes: [Lobe], x: Int, y: Int) -> Int {
        lobes.reduce(0) { sum, lobe in
            let square = lobe.radius * lobe.radius
            let inside = max(square - (x - lobe.x) * (x - lobe.x) - (y - lobe.y) * (y - lobe.y), 0)
            let share = inside * 1024 / square
            return sum + (lobe.strength * share * share) >> 20
        }
    }
}

/// Steele's splitmix64, seeded by the FNV-1a hash of a name: the same values in Swift and Python.
struct SplitMix {
    private var state: UInt64

    init(name: String) {
        state = name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// In [0, 1), a multiple of 2^-24.
    mutating func uniform() -> Float { Float(next() >> 40) / 16_777_216 }
}
