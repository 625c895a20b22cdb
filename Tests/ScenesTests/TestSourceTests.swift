// SPDX-License-Identifier: Apache-2.0

import Scenes
import Testing

@Suite struct TestSourceTests {
  @Test func everyKeyIsRead() throws {
    let source = try TestSource.parse(
      "test:street?size=640x360&rate=30000/1001&seconds=0&seed=18446744073709551615")
    #expect(
      source
        == .street(.init(width: 640, height: 360, rate: 30000.0 / 1001, seconds: 0, seed: .max)))
  }

  @Test func defaultsStand() throws {
    #expect(try TestSource.parse("test:street") == .street(.init()))
    #expect(try TestSource.parse("test:street?") == .street(.init()))
    #expect(try TestSource.parse("test:bars?size=64x64").parameters.width == 64)
    #expect(
      try TestSource.parse("test:street?scene=motorway&light=night&weather=rain")
        == .street(.init(place: .motorway, light: .night, weather: .rain)))
  }

  @Test(arguments: [
    ("test:stret", "did you mean 'street'?"),
    ("test:street?sed=1", "did you mean 'seed'? valid: size, rate, seconds, seed, scene, light, weather"),
    ("test:street?colour=1", "valid: size, rate, seconds, seed, scene, light, weather"),
    ("test:bars?scene=motorway", "unknown key 'scene'"),
    ("test:street?scene=desert", "'desert' is no scene; scene is one of: street, motorway"),
    ("test:street?light=noon", "'noon' is no light; light is one of: day, dusk, night"),
    ("test:street?weather=", "'' is no weather; weather is one of: clear, overcast, rain, snow, fog"),
    ("test:street?size=12", "'12' is no size"),
    ("test:street?size=0x10", "'0x10' is no size"),
    ("test:street?size=10x99999", "'10x99999' is no size"),
    ("test:street?rate=0", "'0' is no rate"),
    ("test:street?rate=30/0", "'30/0' is no rate"),
    ("test:street?rate=nan", "'nan' is no rate"),
    ("test:street?seconds=-1", "'-1' is no seconds"),
    ("test:street?seed=-1", "'-1' is no seed"),
    ("test:street?seed", "'' is no seed"),
    ("test:street?seed=1&seed=2", "'seed' is given twice"),
    ("street", "write test:street or test:bars"),
  ])
  func mistakesAreNamed(text: String, part: String) {
    let error = #expect(throws: TestSourceError.self) { try TestSource.parse(text) }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains(text) == true)
  }
}
