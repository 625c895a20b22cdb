// SPDX-License-Identifier: Apache-2.0

import Buffers
import Scenes
import Testing

@Suite struct StreetTests {
  /// Every machine must come to these; a change of the drawing changes them on purpose.
  @Test(arguments: [
    (UInt64(1), 0, UInt64(0x200B_3AD2_64BB_DBC2)),
    (1, 150, 0xD742_551F_22ED_40CD),
    (2, 75, 0x5258_2270_54DA_29DF),
    (3, 299, 0x0FD8_5E08_EB9F_9C1A),
    (8, 1_000_000, 0x88C1_3177_902E_D4EB),
  ])
  func bytesAreTheSameOnEveryMachine(seed: UInt64, frame: Int, expected: UInt64) {
    #expect(Rendering(street(160, 120, seed: seed), frame: frame).checksum == expected)
  }

  @Test func orderOfRenderingDoesNotMatter() {
    let renderer = street(96, 64)
    let forward = [3, 40, 7].map { Rendering(renderer, frame: $0).checksum }
    let backward = [7, 40, 3].map { Rendering(renderer, frame: $0).checksum }
    #expect(forward == backward.reversed())
    #expect(Rendering(street(96, 64), frame: 40).checksum == forward[1])
  }

  @Test func everyClassAppearsWithinTenSeconds() {
    let renderer = street(320, 240)
    var counts = Array(repeating: 0, count: 256)
    for frame in stride(from: 0, to: 300, by: 30) {
      for (id, count) in Rendering(renderer, frame: frame).histogram.enumerated() { counts[id] += count }
    }
    for id in 0...10 { #expect(counts[id] > 0, "class \(id)") }
    #expect(counts[11...].allSatisfy { $0 == 0 })
  }

  @Test(arguments: [(17, 13), (1, 1), (2, 1), (1, 33), (3, 200), (333, 9), (101, 77)])
  func anySizeCanBeDrawn(width: Int, height: Int) {
    for seed: UInt64 in 1...4 {
      let renderer = street(width, height, seed: seed)
      for frame in [0, 29, 5000] {
        let histogram = Rendering(renderer, frame: frame).histogram
        #expect(histogram[0...10].reduce(0, +) == width * height)
      }
    }
  }

  @Test func seedsDiffer() {
    let checksums = (0..<8).map { Rendering(street(64, 48, seed: $0), frame: 10).checksum }
    #expect(Set(checksums).count == 8)
  }

  @Test func rateChangesTheFramesNotTheStreet() {
    let slow = StreetRenderer(scene: StreetScene(.init(width: 96, height: 64, rate: 15)))
    let a = Rendering(slow, frame: 30)
    let b = Rendering(street(96, 64), frame: 60)
    #expect(a.histogram == b.histogram)
  }

  @Test func framesMoveALittle() {
    let renderer = street(320, 240)
    let (a, b) = (Rendering(renderer, frame: 60), Rendering(renderer, frame: 61))
    #expect(a.checksum != b.checksum)
    var equal = 0
    for row in 0..<240 {
      for column in 0..<320 where a.labels[row, column] == b.labels[row, column] { equal += 1 }
    }
    #expect(equal > 320 * 240 * 85 / 100)
    #expect(equal < 320 * 240)
  }

  /// Sky is brighter than what stands before it, and labels change where the picture does.
  @Test func labelsLieOnThePicture() {
    let frame = Rendering(street(320, 240, seed: 3), frame: 0)
    var steps = 0
    var onEdge = 0
    for row in 4..<100 {
      for column in 0..<320 where frame.labels[row, column] == 0 && frame.labels[row + 1, column] == 1 {
        guard frame.labels[row - 2, column] == 0, frame.labels[row + 3, column] == 1 else { continue }
        steps += 1
        if frame.luma(row - 2, column) > frame.luma(row + 3, column) + 20 { onEdge += 1 }
      }
    }
    #expect(steps > 20)
    #expect(onEdge * 10 > steps * 9)
  }

  @Test func rangeAndMatrixAreHonoured() {
    let renderer = street(64, 48)
    let limited = Rendering(renderer, frame: 0)
    let full = Rendering(renderer, frame: 0, range: .full)
    let other = Rendering(renderer, frame: 0, matrix: .bt601)
    #expect(Set([limited.checksum, full.checksum, other.checksum]).count == 3)
    for row in 0..<48 {
      for column in 0..<64 { #expect((16...235).contains(limited.luma(row, column))) }
    }
  }

  @Test func framesAreCounted() {
    #expect(StreetScene(.init(rate: 30, seconds: 10)).frameCount == 300)
    #expect(StreetScene(.init(rate: 30000.0 / 1001, seconds: 1)).frameCount == 30)
    #expect(StreetScene(.init(seconds: 0)).frameCount == nil)
    #expect(StreetScene(.init(rate: 1, seconds: 0.01)).frameCount == 1)
  }

  /// What is in the air and how much light there is changes colours alone.
  @Test func lightAndWeatherKeepLabels() {
    for place in StreetScene.Place.allCases {
      var lumas: [StreetScene.Daylight: Int] = [:]
      var labels: Set<[Int]> = []
      var pictures: Set<UInt64> = []
      for light in StreetScene.Daylight.allCases {
        for weather in [StreetScene.Weather.clear, .rain, .fog] {
          let scene = StreetScene(
            .init(width: 160, height: 120, seed: 2, place: place, light: light, weather: weather))
          let frame = Rendering(StreetRenderer(scene: scene), frame: 40)
          labels.insert(frame.histogram)
          pictures.insert(frame.checksum)
          guard weather == .clear else { continue }
          for row in 0..<120 { for column in 0..<160 { lumas[light, default: 0] += frame.luma(row, column) } }
        }
      }
      #expect(labels.count == 1)
      #expect(pictures.count == 9)
      #expect(lumas[.night]! * 4 < lumas[.dusk]! * 3 && lumas[.dusk]! < lumas[.day]!)
    }
  }

  @Test func aMotorwayHasItsThings() {
    let renderer = StreetRenderer(
      scene: StreetScene(.init(width: 320, height: 240, seed: 5, place: .motorway)))
    var counts = Array(repeating: 0, count: 256)
    for frame in stride(from: 0, to: 600, by: 30) {
      for (id, count) in Rendering(renderer, frame: frame).histogram.enumerated() { counts[id] += count }
    }
    // Sky, pole, road, tree, sign, fence, car; no houses, no pavement, nobody on foot.
    for id in [0, 2, 3, 5, 6, 7, 8] { #expect(counts[id] > 0, "class \(id)") }
    for id in [1, 4, 9, 10] { #expect(counts[id] == 0, "class \(id)") }
    #expect(counts[11...].allSatisfy { $0 == 0 })
    #expect(counts[7] > 2000 && counts[8] > 2000)
  }

  @Test(arguments: [(17, 13), (1, 1), (1, 33), (333, 9), (101, 77)])
  func anySizeOfAnyPlaceCanBeDrawn(width: Int, height: Int) {
    for place in StreetScene.Place.allCases {
      for weather in StreetScene.Weather.allCases {
        let renderer = StreetRenderer(
          scene: StreetScene(
            .init(width: width, height: height, place: place, light: .night, weather: weather)))
        for frame in [0, 29, 5000] {
          #expect(Rendering(renderer, frame: frame).histogram[0...10].reduce(0, +) == width * height)
        }
      }
    }
  }
}
