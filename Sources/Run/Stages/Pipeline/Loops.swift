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
  /// Hears of each frame.
  let adaptation: Adaptation?

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
          $0.enter(1 + item.corruptBefore + item.busyBefore)
          $0.drop(item.corruptBefore, at: source.name, .corrupt)
          $0.drop(item.busyBefore, at: source.name, .busy)
        }
        index += item.corruptBefore + item.busyBefore
        meter.record(service: service, wait: nil)
        state.trace?.record(source.name, frame: index, begin: end &- service, service: service, waited: nil)
        var ready = end
        if state.options.isPaced {
          let start = origin ?? (item.mediaSeconds, end)
          origin = start
          let due = start.time &+ UInt64(max(0, item.mediaSeconds - start.media) * 1e9)
          if due > end {
            state.stopping.wait(until: due) { $0 }
            // A run that is stopped does not wait for its last frame to be due.
            ready = min(due, state.clock.now())
          }
        }
        let born = item.arrivedAt.map { min($0, ready) } ?? ready &- service
        var ticket = Ticket(index: index, mediaSeconds: item.mediaSeconds, bornAt: born)
        ticket[source.name] = service
        state.note(mediaSeconds: item.mediaSeconds, duration: item.mediaDuration)
        adaptation?.frameCame(at: ready)
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
        state.end(by: error)
        break
      }
    }
    output.queue.finish()
    source.finish()
  }
}

/// Takes items from the queue in front of a stage, has them worked on, and sends them on.
struct StageLoop<Worker: Stage>: Loop {
  let stage: Worker
  let inlet: Inlet<Worker.Input>
  let output: Outlet<Worker.Output>

  func run() {
    let state = inlet.state
    while let arrival = inlet.receive() {
      var ticket = arrival.parcel.ticket
      let begin = state.clock.now()
      let value = inlet.attempt { try stage.process(arrival.parcel.value) }
      let service = state.clock.now() &- begin
      ticket[stage.name] = service
      state.meter(stage.name).record(service: service, wait: arrival.waited)
      state.trace?.record(
        stage.name, frame: ticket.index, begin: begin, service: service, waited: arrival.waited)
      let now = begin &+ service
      inlet.gate.adaptation?.framePassed(service: service, age: now &- ticket.bornAt, at: now)
      if let value { output.send(Parcel(ticket: ticket, value: value)) }
    }
    do { try stage.finish() } catch { state.fail(error) }
    output.queue.finish()
  }
}

/// Takes items from the last queue and has them delivered.
struct SinkLoop<Sink: SinkStage>: Loop {
  let stage: Sink
  let inlet: Inlet<Sink.Input>

  func run() {
    let state = inlet.state
    while let arrival = inlet.receive() {
      var ticket = arrival.parcel.ticket
      let begin = state.clock.now()
      let delivery = Delivery(ticket, at: stage.name, waited: arrival.waited, state: state)
      let isDelivered: Void? = inlet.attempt { try stage.deliver(arrival.parcel.value, delivery) }
      ticket.deliveredAt = state.clock.now()
      ticket[stage.name] = ticket.deliveredAt &- begin
      delivery.note(work: ticket[stage.name])
      state.trace?.record(
        stage.name, frame: ticket.index, begin: begin, service: ticket[stage.name], waited: arrival.waited)
      guard isDelivered != nil else {
        delivery.lose()
        continue
      }
      state.ledger.book { $0.leave() }
      state.note(delivered: ticket)
      _ = inlet.credits?.send(())
      do { try stage.delivered(ticket) } catch { state.fail(error) }
    }
    do { try stage.finish() } catch { state.fail(error) }
  }
}

/// The receiving side of a stage.
struct Inlet<Value: Sendable> {
  let name: StageName
  let gate: Gate
  let queue: BoundedQueue<Parcel<Value>>
  /// Those of a gate at this stage or before it: each item here holds one, and gives it back where it ends.
  let credits: BoundedQueue<Void>?
  let state: RunState

  struct Arrival {
    let parcel: Parcel<Value>
    let waited: UInt64
  }

  /// The next item that the stage shall work on.
  func receive() -> Arrival? {
    if gate.credits != nil, let credits {
      let begin = state.clock.now()
      guard credits.receive() != nil else { return nil }
      state.meter(name).record(blocked: state.clock.now() &- begin)
    }
    while let received = queue.receive() {
      if let budget = gate.latencyBudget,
        state.clock.now() &- received.element.ticket.bornAt > budget
      {
        state.ledger.book { $0.drop(at: name, .late) }
        continue
      }
      return Arrival(parcel: received.element, waited: received.waitedNanoseconds)
    }
    return nil
  }

  /// Has an item worked on; `nil` if it is lost.
  func attempt<Result>(_ body: () throws -> Result) -> Result? {
    do {
      return try body()
    } catch {
      state.ledger.book { $0.fail(at: name) }
      _ = credits?.send(())
      if let failure = error as? FrameFailure {
        state.note(failure: failure.cause)
      } else {
        state.fail(error)
      }
      return nil
    }
  }
}

/// The sending side of a stage: the queue in front of the next one.
struct Outlet<Value: Sendable> {
  let from: StageName
  let to: StageName
  let gate: Gate
  let queue: BoundedQueue<Parcel<Value>>
  /// Sees each value first.
  let tap: ((Value) throws -> Void)?
  let state: RunState

  /// Sends, and books what the policy gave up.
  func send(_ parcel: Parcel<Value>) {
    if let tap {
      do { try tap(parcel.value) } catch { state.fail(error) }
    }
    let begin = state.clock.now()
    let sent = queue.send(parcel, within: gate.adaptation?.places)
    state.meter(from).record(blocked: state.clock.now() &- begin)
    switch sent {
    case .stored: break
    case .replaced, .refused: state.ledger.book { $0.drop(at: to, .busy) }
    case .closed: state.ledger.book { $0.drop(at: to, .stopped) }
    }
  }
}
