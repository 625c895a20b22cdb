// SPDX-License-Identifier: Apache-2.0

/// The work of one queue of the pipeline.
protocol Loop {
  func run()
}

/// Asks the source for items until it has no more or shall stop.
struct SourceLoop<Source: SourceStage>: Loop {
  let source: Source
  let output: Outlet<Source.Output>
  let state: RunState

  func run() {
    let meter = state.meter(source.name)
    let clock = state.clock
    var index = 0
    var origin: (media: Double, time: UInt64)?
    while !state.stopping.withLock({ $0 }) {
      let begin = clock.now()
      do {
        guard let item = try source.next() else { break }
        let end = clock.now()
        let service = (end &- begin) &- min(item.waitedNanoseconds, end &- begin)
        state.ledger.book {
          $0.enter(1 + item.corruptBefore)
          $0.drop(item.corruptBefore, at: source.name, .corrupt)
        }
        index += item.corruptBefore
        meter.record(service: service, wait: nil)
        var ready = end
        if state.options.isPaced {
          let start = origin ?? (item.mediaSeconds, end)
          origin = start
          let due = start.time &+ UInt64(max(0, item.mediaSeconds - start.media) * 1e9)
          if due > end { state.stopping.wait(until: due) { $0 } }
          ready = max(due, end)
        }
        var ticket = Ticket(index: index, mediaSeconds: item.mediaSeconds, bornAt: ready &- service)
        ticket[source.name] = service
        state.note(mediaSeconds: item.mediaSeconds, duration: item.mediaDuration)
        state.options.adaptation?.frameCame(at: ready)
        index += 1
        output.send(Parcel(ticket: ticket, value: item.value))
      } catch let failure as FrameFailure {
        index += 1
        state.ledger.book {
          $0.enter()
          $0.fail(at: source.name)
        }
        state.note(failure: failure.cause)
      } catch {
        state.fail(error)
      }
    }
    output.queue.finish()
  }
}

/// Takes items from the queue in front of a stage, has them worked on, and sends them on.
struct StageLoop<Worker: Stage>: Loop {
  let inlet: Inlet<Worker>
  let output: Outlet<Worker.Output>

  func run() {
    while let parcel = inlet.receive() {
      guard let (ticket, value) = inlet.work(parcel) else { continue }
      output.send(Parcel(ticket: ticket, value: value))
    }
    inlet.finish()
    output.queue.finish()
  }
}

/// Takes items from the last queue and has them delivered.
struct SinkLoop<Sink: SinkStage>: Loop {
  let inlet: Inlet<Sink>

  func run() {
    let state = inlet.state
    while let parcel = inlet.receive() {
      guard var (ticket, _) = inlet.work(parcel) else { continue }
      ticket.deliveredAt = state.clock.now()
      state.ledger.book { $0.leave() }
      state.note(delivered: ticket)
      _ = state.credits?.send(())
      do { try inlet.stage.delivered(ticket) } catch { state.fail(error) }
    }
    inlet.finish()
  }
}

/// The receiving side of a stage.
struct Inlet<Worker: Stage> {
  let stage: Worker
  let queue: BoundedQueue<Parcel<Worker.Input>>
  let state: RunState

  struct Arrival {
    let parcel: Parcel<Worker.Input>
    let waited: UInt64
  }

  /// The next item that the stage shall work on.
  func receive() -> Arrival? {
    let isGate = stage.name == .infer
    if isGate, let credits = state.credits {
      let begin = state.clock.now()
      guard credits.receive() != nil else { return nil }
      state.meter(stage.name).record(blocked: state.clock.now() &- begin)
    }
    while let received = queue.receive() {
      if isGate, let budget = state.options.latencyBudget,
        state.clock.now() &- received.element.ticket.bornAt > budget
      {
        state.ledger.book { $0.drop(at: stage.name, .late) }
        continue
      }
      return Arrival(parcel: received.element, waited: received.waitedNanoseconds)
    }
    return nil
  }

  /// Has an item worked on; `nil` if it is lost.
  func work(_ arrival: Arrival) -> (Ticket, Worker.Output)? {
    var ticket = arrival.parcel.ticket
    let begin = state.clock.now()
    func book() {
      let service = state.clock.now() &- begin
      ticket[stage.name] = service
      state.meter(stage.name).record(service: service, wait: arrival.waited)
      guard stage.name == .infer, let adaptation = state.options.adaptation else { return }
      let now = begin &+ service
      adaptation.framePassed(service: service, age: now &- ticket.bornAt, at: now)
    }
    do {
      let value = try stage.process(arrival.parcel.value)
      book()
      return (ticket, value)
    } catch {
      book()
      state.ledger.book { $0.fail(at: stage.name) }
      if stage.name >= .infer { _ = state.credits?.send(()) }
      if let failure = error as? FrameFailure {
        state.note(failure: failure.cause)
      } else {
        state.fail(error)
      }
      return nil
    }
  }

  func finish() {
    do { try stage.finish() } catch { state.fail(error) }
  }
}

/// The sending side of a stage: the queue in front of the next one.
struct Outlet<Value: Sendable> {
  let from: StageName
  let to: StageName
  let queue: BoundedQueue<Parcel<Value>>
  let state: RunState

  /// Sends, and books what the policy gave up.
  func send(_ parcel: Parcel<Value>) {
    let begin = state.clock.now()
    let sent = queue.send(parcel, within: to == .infer ? state.options.adaptation?.places : nil)
    state.meter(from).record(blocked: state.clock.now() &- begin)
    switch sent {
    case .stored: break
    case .replaced, .refused: state.ledger.book { $0.drop(at: to, .busy) }
    case .closed: state.ledger.book { $0.drop(at: to, .stopped) }
    }
  }
}
