// SPDX-License-Identifier: Apache-2.0

import Buffers
import Evaluation
import Testing

/// Rows of digits; '.' is void.
private func map(_ rows: String...) -> LabelMap {
  let map = LabelMap(width: rows[0].count, height: rows.count)
  for (row, text) in rows.enumerated() {
    for (column, character) in text.enumerated() {
      map.pixels[row * map.rowBytes + column] = UInt8(character.wholeNumberValue ?? 255)
    }
  }
  return map
}

@Suite struct BoundaryTests {
  @Test func equalMapsScoreOne() {
    var counts = BoundaryCounts(classes: 3, radius: 0)
    counts.add(prediction: map("0011", "0011"), truth: map("0011", "0011"))
    #expect(counts.scores == [1, 1, nil])
    #expect(counts.mean == 1)
  }

  @Test func anEdgeWithinTheRadiusIsAHit() {
    // The edge lies one pixel further right: at radius 0 nothing agrees, at radius 1 everything.
    let truth = map("000111", "000111"), moved = map("000011", "000011")
    var strict = BoundaryCounts(classes: 2, radius: 0), loose = BoundaryCounts(classes: 2, radius: 1)
    strict.add(prediction: moved, truth: truth)
    loose.add(prediction: moved, truth: truth)
    #expect(strict.scores == [0, 0])
    #expect(loose.scores == [1, 1])
  }

  @Test func precisionAndRecallByHand() {
    // Truth: one edge of class 0 (2 pixels). Prediction: the same edge, and a wrong one further right
    // (class 0 again in the last column: 2 more pixels of class 0, 2 more of class 1).
    var counts = BoundaryCounts(classes: 2, radius: 0)
    counts.add(prediction: map("001110", "001110"), truth: map("001111", "001111"))
    // Class 0: 2 of 4 predicted pixels hit, 2 of 2 true ones: F = 2 · 0.5 · 1 / 1.5.
    #expect(abs(counts.scores[0]! - 2.0 / 3) < 1e-12)
    #expect(abs(counts.scores[1]! - 2.0 / 3) < 1e-12)
  }

  @Test func outlinesAgainstVoidCountNowhere() {
    var counts = BoundaryCounts(classes: 2)
    counts.add(prediction: map("0011"), truth: map("00.."))
    #expect(counts.scores == [nil, nil])
    #expect(counts.mean == 0)
  }

  @Test func diagonalNeighboursCountByTheirDistance() {
    // Corner pixels at distance √2: out of radius 1, inside radius 2.
    let truth = map("100", "000", "000"), moved = map("000", "010", "000")
    var near = BoundaryCounts(classes: 2, radius: 1), far = BoundaryCounts(classes: 2, radius: 2)
    near.add(prediction: moved, truth: truth)
    far.add(prediction: moved, truth: truth)
    #expect(near.scores[1] == 0)
    #expect(far.scores[1] == 1)
  }
}

@Suite struct ConsistencyTests {
  @Test func countsPixelsWhoseTruthStays() {
    var film = TemporalConsistency(classes: 3)
    film.add(prediction: map("0122"), truth: map("01.0"))
    #expect(film.share == nil)
    // The truth stays in the first two pixels; the prediction in the first.
    film.add(prediction: map("0022"), truth: map("01.1"))
    #expect(film.pixels == 2 && film.steady == 1)
    #expect(film.share == 0.5)
  }
}
