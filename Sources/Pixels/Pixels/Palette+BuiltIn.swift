// SPDX-License-Identifier: Apache-2.0

extension Palette {
  /// The names under which palettes are built in, and the palettes.
  public static let builtIn: [String: Palette] = [
    "camvid": camvid, "cityscapes": cityscapes, "bdd100k": cityscapes, "voc": voc,
  ]

  /// CamVid in its common form of 11 classes (the SegNet grouping).
  public static let camvid = Palette([
    ("sky", Color(128, 128, 128)),
    ("building", Color(128, 0, 0)),
    ("pole", Color(192, 192, 128)),
    ("road", Color(128, 64, 128)),
    ("pavement", Color(60, 40, 222)),
    ("tree", Color(128, 128, 0)),
    ("sign", Color(192, 128, 128)),
    ("fence", Color(64, 64, 128)),
    ("car", Color(64, 0, 128)),
    ("pedestrian", Color(64, 64, 0)),
    ("bicyclist", Color(0, 128, 192)),
  ])

  /// Cityscapes, the 19 classes that count; BDD100K uses the same.
  public static let cityscapes = Palette([
    ("road", Color(128, 64, 128)),
    ("sidewalk", Color(244, 35, 232)),
    ("building", Color(70, 70, 70)),
    ("wall", Color(102, 102, 156)),
    ("fence", Color(190, 153, 153)),
    ("pole", Color(153, 153, 153)),
    ("traffic light", Color(250, 170, 30)),
    ("traffic sign", Color(220, 220, 0)),
    ("vegetation", Color(107, 142, 35)),
    ("terrain", Color(152, 251, 152)),
    ("sky", Color(70, 130, 180)),
    ("person", Color(220, 20, 60)),
    ("rider", Color(255, 0, 0)),
    ("car", Color(0, 0, 142)),
    ("truck", Color(0, 0, 70)),
    ("bus", Color(0, 60, 100)),
    ("train", Color(0, 80, 100)),
    ("motorcycle", Color(0, 0, 230)),
    ("bicycle", Color(119, 11, 32)),
  ])

  /// Pascal VOC, 20 classes and background.
  public static let voc = Palette.spread(names: [
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "dining table", "dog", "horse", "motorbike", "person", "potted plant", "sheep", "sofa", "train",
    "tv monitor",
  ])
}
