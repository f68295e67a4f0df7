// What a gamekeeper-tls that was taken over can say to the daemon. Nothing may crash, and what is
// accepted must say the same once more.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "tls/rules/frames.h"

namespace gk::tls {
namespace {

std::string said_again(const FrontFrame& frame) {
  switch (frame.kind) {
    case FrontFrame::Kind::ready: return ready_frame(frame.not_after_s, frame.places, frame.text);
    case FrontFrame::Kind::failed: return failed_frame(frame.text);
    case FrontFrame::Kind::connection: return connection_frame(frame.text, frame.port);
    case FrontFrame::Kind::tally: return tally_frame(frame.tally);
  }
  return {};
}

void check(std::string_view packet) {
  const auto frame = read_front_frame(packet);
  if (!frame) return;
  const std::string again = said_again(*frame);
  const auto twice = read_front_frame(again);
  GK_ASSERT(twice.ok());                   // What is accepted can be said.
  GK_ASSERT(said_again(*twice) == again);  // Addresses and numbers are in their final form.
  if (frame->kind == FrontFrame::Kind::connection) {
    GK_ASSERT(frame->text.find_first_not_of("0123456789abcdef.:") == std::string::npos);
  }
}

}  // namespace
}  // namespace gk::tls

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gk::tls::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
