// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// Draws the frames of a street, each with the class of every pixel.
///
/// A frame depends on its index alone, whatever was drawn before. All memory is taken at the start. One renderer
/// serves one thread; several renderers of one scene draw the same bytes.
public final class StreetRenderer {
  public let scene: StreetScene

  private let plan: StreetPlan
  private let textures: TextureSet
  private let canvas: Canvas
  private let pen: Pen
  private let painter: Painter
  private let developer: Developer
  private var items = ItemList()
  private var marks = GroundMarks()
  private var fall = Fall()

  public init(scene: StreetScene) {
    self.scene = scene
    let (width, height) = (scene.parameters.width, scene.parameters.height)
    plan = StreetPlan(scene.parameters)
    textures = TextureSet(plan: plan)
    canvas = Canvas(width: width, height: height)
    let light = Light(plan: plan, time: 0)
    pen = Pen(canvas: canvas, camera: Camera(plan: plan, width: width, height: height, time: 0), light: light)
    painter = Painter(canvas: canvas, pen: pen, textures: textures)
    developer = Developer(width: width, height: height, noise: light.noise, seed: plan.seed)
  }

  deinit {
    painter.deallocate()
    items.items.deallocate()
    marks.marks.deallocate()
    fall.drops.deallocate()
  }

  /// Draws frame `index`, which lies `index / rate` seconds after the start.
  ///
  /// - Parameters:
  ///   - index: 0 or more; the scene's length is not asked.
  ///   - picture: yuv420p of the scene's size. Its matrix and range are honoured.
  ///   - labels: of the scene's size; gets 0…10, the class of the nearest thing at each pixel's centre.
  public func render(frame index: Int, into picture: PictureView, labels: LabelMap?) {
    let (width, height) = (canvas.width, canvas.height)
    precondition(index >= 0)
    precondition(picture.format == .yuv420p && picture.width == width && picture.height == height)
    precondition(labels.map { $0.width == width && $0.height == height } ?? true)
    let time = Double(index) / scene.parameters.rate
    pen.begin(
      camera: Camera(plan: plan, width: width, height: height, time: time),
      light: Light(plan: plan, time: time))
    painter.begin()
    items.collect(plan: plan, camera: pen.camera)
    marks.collect(plan: plan, camera: pen.camera, light: pen.light, items: items)
    fall.collect(plan: plan, light: pen.light, width: width, height: height, frame: index)
    let lastGround = pen.ground(plan: plan)
    pen.backdrop(plan: plan, textures: textures)
    for i in 0..<items.count { draw(items.items[i]) }

    let codes = YUVCodes(matrix: picture.matrix, range: picture.range)
    var taken = 0
    for row in stride(from: 0, to: height, by: 2) {
      while taken < min(row + 3, height) {
        let line = developer.line
        painter.paint(row: taken, to: line, labels: labels.map { $0.pixels + taken * $0.rowBytes })
        painter.lay(marks, row: taken, to: line, lastGround: lastGround)
        painter.lay(fall, row: taken, to: line)
        developer.take(row: taken)
        taken += 1
      }
      developer.write(row: row, frame: index, light: pen.light, codes: codes, to: picture)
    }
  }

  private func draw(_ item: Item) {
    switch item.kind {
    case .plot: pen.plot(item, plan: plan, textures: textures)
    case .tree:
      var dice = item.dice
      let isBare = plan.isWinter && dice.chance(0.8)
      pen.tree(x: item.x, z: item.z, isBare: isBare, dice: &dice, textures: textures)
    case .lamp: pen.lamp(item, plan: plan)
    case .sign: pen.sign(item)
    case .signal: pen.signal(item)
    case .railing: pen.railing(item)
    case .car: pen.car(item)
    case .walker: pen.walker(item)
    case .cyclist: pen.cyclist(item)
    case .bollard: pen.bollard(item)
    case .barrier: pen.barrier(item)
    case .guardRail: pen.guardRail(item)
    case .gantry: pen.gantry(item)
    case .lorry: pen.lorry(item)
    }
  }
}
