// http_head_fuzz: whatever the bytes, the head reader stays inside them, says the same twice, and
// accepts only what it promises; the readers behind it (target, chunks) survive what it accepts.
//
// Seeds: fuzz/http_head_seeds.txt, one a line in C escapes; tools that run fuzzers turn each line
// into a file. The first byte chooses how the rest is cut into pieces.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "net/chunk_decoder.h"
#include "net/head_check.h"
#include "net/request_target.h"

namespace {

using namespace gk::net;

void require(bool condition) {
  if (!condition) std::abort();
}

bool inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_accepted(std::string_view bytes, const Head& head) {
  require(head.bytes <= bytes.size());
  require(bytes.substr(0, head.bytes).ends_with("\r\n\r\n"));
  require(!(head.chunked && head.content_length));
  require(head.fields.size() <= 64 && !head.host.empty());
  require(head.target.front() == '/');
  std::size_t hosts = 0, lengths = 0, codings = 0;
  for (const HeadField& field : head.fields) {
    require(inside(field.name, bytes) && inside(field.value, bytes) && !field.name.empty());
    for (const char c : field.name) require(is_token_char(c));
    for (const char c : field.value) require(is_value_char(c));
    hosts += iequals(field.name, "host");
    lengths += iequals(field.name, "content-length");
    codings += iequals(field.name, "transfer-encoding");
  }
  require(hosts == 1 && lengths + codings <= 1);
  require(head.content_length.has_value() == (lengths == 1) && head.chunked == (codings == 1));
}

void check_target(std::string_view target) {
  const RequestTarget split = split_target(target);
  if (!split.refusal.empty()) return;
  require(split.path.front() == '/' && gk::is_utf8(split.path));
  require(split.path.find('\0') == std::string::npos);
  require((split.path + "/").find("/../") == std::string::npos);
  require((split.path + "/").find("/./") == std::string::npos);
}

/// Reads `bytes` as chunks, `step` bytes at a time, and all at once: the same must come out.
void check_chunks(std::string_view bytes, std::size_t step) {
  ChunkDecoder whole, parts;
  whole.reset(1000);
  parts.reset(1000);
  std::string whole_body, parts_body;
  std::size_t used = 0, at = 0, parts_used = 0;
  const auto whole_state = whole.feed(bytes, whole_body, used);
  auto parts_state = ChunkDecoder::State::more;
  while (parts_state == ChunkDecoder::State::more && at < bytes.size()) {
    parts_state = parts.feed(bytes.substr(at, step), parts_body, parts_used);
    at += parts_used;
  }
  require(whole_body.size() <= 1000);
  require(whole_state == parts_state);
  if (whole_state == ChunkDecoder::State::done) require(whole_body == parts_body && used == at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] % 64 + 1U;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Head head, again;
  const HeadVerdict verdict = check_head(bytes, {}, head);
  require((verdict.state == HeadState::refused) == (verdict.status != 0));
  require((verdict.state == HeadState::refused) == !verdict.reason.empty());
  // A head that comes in pieces gets the same verdict: no earlier prefix is accepted.
  for (std::size_t n = step; n < bytes.size(); n += step) {
    const HeadVerdict early = check_head(bytes.substr(0, n), {}, again);
    if (early.state == HeadState::incomplete) continue;
    require(early.state == verdict.state && early.status == verdict.status);
    break;
  }
  if (verdict.state == HeadState::complete) {
    check_accepted(bytes, head);
    check_target(head.target);
    check_chunks(bytes.substr(head.bytes), step);
  }
  check_target(bytes);
  check_chunks(bytes, step);
  return 0;
}
