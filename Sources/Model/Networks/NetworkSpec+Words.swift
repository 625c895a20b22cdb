// SPDX-License-Identifier: Apache-2.0

// The words that stand for one choice each.

extension NetworkSpec.Backbone {
  var text: String {
    switch self {
    case .mobileNetV2(let width): width == 1 ? "mobilenetv2" : "mobilenetv2-\(width)"
    case .efficientNetLite(let size): "efficientnet-\(size.rawValue)"
    case .shortTermDense(let form, let width): width == 1 ? form.rawValue : "\(form.rawValue)-\(width)"
    }
  }

  init(text: String) throws {
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    if parts[0] == "efficientnet" {
      guard parts.count == 2, let size = NetworkSpec.EfficientNetLiteSize(rawValue: String(parts[1])) else {
        throw NetworkError(
          "there is no backbone '\(text)'",
          hint: "efficientnet-lite0, efficientnet-lite1 or efficientnet-lite2")
      }
      self = .efficientNetLite(size)
      return
    }
    let form = NetworkSpec.ShortTermDenseForm(rawValue: String(parts[0]))
    guard form != nil || parts[0] == "mobilenetv2" else {
      throw NetworkError(
        "there is no backbone '\(text)'",
        hint:
          "efficientnet-lite0 to -lite2; mobilenetv2, stdc1 or stdc2, each also with a width, as in mobilenetv2-0.5"
      )
    }
    guard let width = parts.count == 1 ? 1 : Double(parts[1]), width >= 0.1, width <= 4 else {
      throw NetworkError(
        "there is no backbone '\(text)'", hint: "its width is a number from 0.1 to 4, as in \(parts[0])-0.5")
    }
    self = form.map { .shortTermDense($0, width: width) } ?? .mobileNetV2(width: width)
  }
}

extension NetworkSpec.Context {
  var text: String {
    switch self {
    case .none: "none"
    case .contextualRefinement(let form): "crm-\(form.rawValue)"
    case .datasetContext(let form, let stride): "mcibi-\(form.rawValue)@\(stride)"
    }
  }

  init(text: String) throws {
    switch text {
    case "none": self = .none
    case "crm", "crm-gate": self = .contextualRefinement(.gate)
    case "crm-affinity": self = .contextualRefinement(.affinity)
    case "mcibi", "mcibi-pixel", "mcibi-pixel@16": self = .datasetContext(.pixel, stride: 16)
    case "mcibi-pixel@32": self = .datasetContext(.pixel, stride: 32)
    case "mcibi-classkey", "mcibi-classkey@16": self = .datasetContext(.classKey, stride: 16)
    case "mcibi-classkey@32": self = .datasetContext(.classKey, stride: 32)
    default:
      throw NetworkError(
        "there is no context '\(text)'",
        hint: "one of none, crm-gate, crm-affinity, mcibi-pixel@16, mcibi-pixel@32, mcibi-classkey@16, "
          + "mcibi-classkey@32")
    }
  }
}

extension NetworkSpec.Merge {
  var text: String {
    switch self {
    case .add: return "add"
    case .semanticRefinement(let srm):
      return "srm" + (srm.source == .coarse ? "" : ":upsampled") + (srm.mask ? "" : ":nomask")
    case .relationalSemantics(let rsp):
      let standard = RelationalSemantics()
      return "rsp" + (rsp.region == standard.region ? "" : ":k\(rsp.region)")
        + (rsp.keyWidth == standard.keyWidth ? "" : ":d\(rsp.keyWidth)")
    }
  }

  init(text: String) throws {
    if text.contains("+") {
      throw NetworkError(
        "merge '\(text)' names two at one level",
        hint:
          "a level is merged once, by srm or by rsp; other levels may choose differently: merge=srm,rsp,add")
    }
    let words = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    func unknown(_ word: String, _ hint: String) -> NetworkError {
      NetworkError("merge '\(text)': '\(word)' is unknown", hint: hint)
    }
    switch words[0] {
    case "add" where words.count == 1: self = .add
    case "srm":
      var srm = SemanticRefinement()
      for word in words.dropFirst() {
        switch word {
        case "coarse": srm.source = .coarse
        case "upsampled": srm.source = .upsampled
        case "mask": srm.mask = true
        case "nomask": srm.mask = false
        default: throw unknown(word, "srm takes coarse or upsampled, mask or nomask")
        }
      }
      self = .semanticRefinement(srm)
    case "rsp":
      var rsp = RelationalSemantics()
      for word in words.dropFirst() {
        let number = Int(word.dropFirst())
        switch (word.first, number) {
        case ("k", let number?) where number % 2 == 1 && (1...7).contains(number): rsp.region = number
        case ("d", let number?) where (1...256).contains(number): rsp.keyWidth = number
        default:
          throw unknown(word, "rsp takes k3 (cells of the region, odd, to 7) and d32 (width of the keys)")
        }
      }
      self = .relationalSemantics(rsp)
    default: throw unknown(words[0], "one of add, srm, rsp")
    }
  }
}

extension NetworkSpec.Refinement {
  var text: String {
    switch self {
    case .none: "none"
    case .chainedPooling(let stages): "crp\(stages)"
    case .residualChainedPooling(let stages): "rcu-crp\(stages)"
    }
  }

  init(text: String) throws {
    func stages(_ prefix: String) -> Int? {
      guard text.hasPrefix(prefix), let number = Int(text.dropFirst(prefix.count)) else { return nil }
      return (1...8).contains(number) ? number : nil
    }
    if text == "none" {
      self = .none
    } else if let count = stages("rcu-crp") {
      self = .residualChainedPooling(stages: count)
    } else if let count = stages("crp") {
      self = .chainedPooling(stages: count)
    } else {
      throw NetworkError("there is no refine '\(text)'", hint: "none, crp1 to crp8, or rcu-crp1 to rcu-crp8")
    }
  }
}

extension ClassList {
  var text: String {
    if self == .camVid { return "camvid" }
    if self == .cityscapes { return "cityscapes" }
    let list = names.joined(separator: ",")
    return list.contains(where: \.isWhitespace) ? "\"\(list)\"" : list
  }

  init(text: String) {
    switch text {
    case "camvid": self = .camVid
    case "cityscapes": self = .cityscapes
    default: self.init(names: text.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
    }
  }
}
