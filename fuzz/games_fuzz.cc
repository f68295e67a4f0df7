// Bytes of a game server that is broken or hostile, to each protocol, in pieces: nothing may crash,
// an answer ends once and only when it was asked for, and nothing that is kept grows without bound.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "games/rules/econ.h"
#include "games/rules/luanti.h"
#include "games/rules/mud.h"
#include "games/rules/openttd.h"
#include "games/rules/quake3.h"
#include "games/rules/source_rcon.h"
#include "games/rules/stdio.h"

namespace {

using namespace gk;
using namespace gk::games;

std::unique_ptr<Conversation> make(std::uint8_t kind) {
  MudOptions mud{.login = {"connect x"}, .failure = {"wrong"}, .sentinel = "think {nonce}"};
  mud.framing = static_cast<MudOptions::Framing>((kind >> 3) % 3);
  switch (kind % 7) {
    case 0: return std::make_unique<EconConversation>("pw", "n");
    case 1: return std::make_unique<OpenTtdConversation>("pw", "n");
    case 2: return std::make_unique<SourceConversation>("pw", (kind & 8) != 0);
    case 3: return std::make_unique<Quake3Conversation>("pw", "n", Millis(1));
    case 4: return std::make_unique<MudConversation>(std::move(mud), "n");
    case 5: return std::make_unique<LuantiConversation>("n");
    default: return std::make_unique<StdioConversation>(StdioOptions{.sentinel = "{nonce}"}, "n");
  }
}

void check(const Output& out, std::set<CommandId>& asked, bool& ready) {
  for (const Event& event : out.events) {
    if (event.text.size() > 4 * kMaxLine || !is_utf8(event.text)) std::abort();
    if (event.text.find_first_of(std::string_view("\0\n\r\x1b", 4)) != std::string::npos) {
      std::abort();
    }
    if (event.kind == Event::Kind::ready) {
      if (ready) std::abort();
      ready = true;
    }
    if (event.kind == Event::Kind::reply && !asked.contains(event.id)) std::abort();
    if (event.kind == Event::Kind::reply_end && asked.erase(event.id) == 0) std::abort();
  }
}

}  // namespace

// The first byte chooses the protocol; 0xFE cuts the stream, 0xFD is a quiet time.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto talk = make(data[0]);
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  std::set<CommandId> asked;
  bool ready = false;
  CommandId last = 0;
  Output out;
  talk->open(out);
  check(out, asked, ready);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of("\xFE\xFD"), rest.size());
    Output step;
    talk->bytes(rest.substr(0, end), step);
    if (end < rest.size() && rest[end] == '\xFD' && talk->quiet_time()) talk->quiet(step);
    check(step, asked, ready);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    // As the link does: one command in flight (several where the protocol keeps order).
    if (ready && asked.empty()) {
      Output command;
      asked.insert(++last);
      talk->send(last, "status", command);
      talk->ping(command);
      check(command, asked, ready);
    }
  }
  return 0;
}
