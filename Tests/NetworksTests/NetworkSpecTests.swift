// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Networks
import Testing

@Suite struct NetworkSpecTests {
  @Test(arguments: NetworkSpec.presets.map(\.name))
  func textParsesBackToItself(_ name: String) throws {
    let spec = try NetworkSpec(parsing: name)
    #expect(try NetworkSpec(parsing: spec.description) == spec)
  }

  @Test func wordsOverruleThePreset() throws {
    let spec = try NetworkSpec(
      parsing:
        #"srm-crm backbone=mobilenetv2-0.5 merge=srm:upsampled:nomask,rsp:d16,add width=32 classes="a b,c""#)
    #expect(spec.backbone == .mobileNetV2(width: 0.5))
    #expect(spec.merges[0] == .semanticRefinement(SemanticRefinement(source: .upsampled, mask: false)))
    #expect(spec.merges[1] == .relationalSemantics(RelationalSemantics(keyWidth: 16)))
    #expect(spec.merges[2] == .add)
    #expect(spec.classes.names == ["a b", "c"])
    #expect(try NetworkSpec(parsing: spec.description) == spec)
  }

  @Test(arguments: [
    ("srm+crm", "no network is called"), ("merge=srm+rsp", "two at one level"), ("merge=add,add", "2 levels"),
    ("width=63", "multiple of 8"), ("width=x", "not a number"), ("refine=crp9", "crp1 to crp8"),
    ("plain fuse=light merge=rsp", "merge=add"), ("color=red", "no choice"), ("plain srm-crm", "key=value"),
    ("classes=a,a", "differ"), ("context=mcibi@8", "one of none"), ("backbone=resnet", "mobilenetv2"),
  ])
  func mistakesAreNamed(_ text: String, _ reason: String) throws {
    let error = #expect(throws: NetworkError.self) { try NetworkSpec(parsing: text) }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
  }

  /// Colours of our choice tell classes apart: none is like another, none is dark.
  @Test func classesOfAnyNameGetColoursApart() {
    let colors = ClassList(names: (0..<33).map { "class \($0)" }).colors
    #expect(Set(colors).count == 33)
    for color in colors {
      #expect(max(color >> 16 & 255, color >> 8 & 255, color & 255) > 60, "\(String(color, radix: 16))")
    }
    #expect(ClassList(names: ["a"]).palette == ["#ff0000"])
  }
}
