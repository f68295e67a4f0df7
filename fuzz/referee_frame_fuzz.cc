// Any bytes as a frame, over each way in: nothing may crash, read beyond the frame, loop for ever
// or let the table grow. (That mangled movements grant nothing is ingest_test.cc's.)
#include <cstdint>

#include "base/assert.h"
#include "base/metrics.h"
#include "base/random.h"
#include "referee/service/ingest.h"
#include "referee/service/ingest_client.h"

namespace {

using namespace gk;
using namespace gk::referee;

/// One judge for all inputs: what an input leaves behind is part of the next one's world.
struct World {
  World() {
    builder.begin(FrameKind::events);
    EventRecord join;
    join.kind = EventKind::join;
    join.handle = 1;
    join.profile.max_speed = 5;
    join.name = "bob";
    builder.add(join);
    (void)ingest.take_linked(builder.finish(), link, {now_us, WallTime()});
  }
  SystemRandom random;
  Metrics metrics;
  Judge judge{{.max_players = 16}, metrics};
  Ingest ingest{judge, random, metrics, {}};
  SenderLink link{"f:"};
  FrameBuilder builder;
  std::int64_t now_us = 1'000'000;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  world.now_us += 1000;
  const Now now{world.now_us, WallTime(Micros(world.now_us))};
  const Bytes bytes(data, size);
  (void)world.ingest.take_udp(bytes, "192.0.2.1", now);
  (void)world.ingest.take_unix(bytes, 0, "/x", now);
  (void)world.ingest.take_linked(bytes, world.link, now);
  // The raw records, without the length check before them.
  FrameView frame;
  if (read_frame(bytes, frame) == FrameFault::none && frame.header.kind == FrameKind::events) {
    EventRecord event;
    for (Bytes rest = frame.payload; !rest.empty();) {
      const std::size_t before = rest.size();
      if (!take_event(rest, event)) break;
      GK_ASSERT(rest.size() < before);  // Each record takes something, so the loop ends.
    }
  }
  GK_ASSERT(world.judge.names().size() <= 16);
  return 0;
}
