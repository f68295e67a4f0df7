// Any bytes that a program prints to the daemon as JSON lines, cut anywhere: the lines are those
// that a splitter, written apart, finds; little is held of a line without an end; what is taken
// keeps its bounds and says the same once more; what is refused has a reason that can be answered.
//
// The first byte is the size of the pieces. A byte 0x01 stands for 21,845 x and 0x02 for as many
// spaces, so that an input of few bytes has lines about the limit.
// Seeds: fuzz/macros_json_lines_seeds.txt. With GK_FUZZ_PLANTED the reader holds a line for as long
// as it gets (json_lines_mutant.h).

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "macros/scripts/json_lines.h"
#include "macros/scripts/json_lines_mutant.h"

namespace gk::macros::json_lines {
namespace {

struct Reading {
  std::vector<Line> lines;
  std::string rest;
};

Reading read_in_pieces(std::string_view text, std::size_t piece) {
  Reading out;
  Reader reader;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    reader.append(text.substr(at, piece));
    while (auto line = reader.next()) out.lines.push_back(std::move(*line));
    GK_ASSERT(reader.buffered() <= kMaxLine);
  }
  out.rest = reader.rest();
  GK_ASSERT(reader.buffered() == 0);
  return out;
}

/// What a wish is called, and its members beside the id.
void write_wish(JsonWriter& w, const lua::Message& wish) {
  if (const auto* send = std::get_if<lua::Send>(&wish)) {
    GK_ASSERT(send->command.size() <= 16'384 && send->timeout_s >= 0.001 && send->timeout_s <= 600);
    w.field(send->chat ? "say" : "send", send->command).field("timeout_s", send->timeout_s);
  } else if (const auto* log = std::get_if<lua::LogText>(&wish)) {
    GK_ASSERT(log->text.size() <= 4096);
    w.field("log", log->text);
  } else if (const auto* notice = std::get_if<lua::Notify>(&wish)) {
    GK_ASSERT(notice->text.size() <= 4096);
    w.field("notify", notice->text);
  } else if (const auto* get = std::get_if<lua::StateGet>(&wish)) {
    GK_ASSERT(get->key.size() <= 128);
    w.field("state_get", get->key);
  } else if (const auto* set = std::get_if<lua::StateSet>(&wish)) {
    GK_ASSERT(set->key.size() <= 128);
    w.field("state_set", set->key).key("value").value(set->value);
  } else {
    GK_ASSERT(std::holds_alternative<lua::MetricsAsked>(wish));
    w.field("metrics", true);
  }
}

std::string said_again(const Line& line) {
  std::string out;
  JsonWriter w(out);
  w.begin_object();
  if (const auto* request = std::get_if<Request>(&line)) {
    if (request->id) w.field("id", *request->id);
    write_wish(w, request->wish);
  } else {
    const auto& listen = std::get<Listen>(line);
    if (listen.id) w.field("id", *listen.id);
    w.field("listen", listen.on);
  }
  w.end_object();
  return out;
}

/// What is taken, said by us, is taken as the same.
void check_taken(const Line& line) {
  const std::string once = said_again(line);
  if (once.size() > kMaxLine) return;  // Escapes of ours may be longer than theirs.
  const auto twice = read_in_pieces(once + "\n", kMaxLine);
  GK_ASSERT(twice.lines.size() == 1 && twice.lines[0].index() == line.index());
  GK_ASSERT(said_again(twice.lines[0]) == once);
}

/// Each line of ours is one line, and is read by whoever reads JSON.
void check_ours(const std::string& line) {
  GK_ASSERT(line.find('\n') == line.size() - 1);
  GK_ASSERT(parse_json(line, {.max_depth = 32, .max_bytes = 4U << 20}).ok());
}

void check(const Line& line, std::string_view wanted) {
  if (const auto* plain = std::get_if<Plain>(&line)) {
    GK_ASSERT(!wanted.starts_with('{'));
    // Of a line that is too long as much as had come.
    GK_ASSERT(wanted.size() > kMaxLine ? wanted.starts_with(plain->text) : plain->text == wanted);
    check_ours(game_line(plain->text));
    check_ours(reply_line(1, JsonValue(plain->text)));
    return;
  }
  GK_ASSERT(wanted.starts_with('{'));
  const auto* bad = std::get_if<Bad>(&line);
  if (bad == nullptr) {
    GK_ASSERT(wanted.size() <= kMaxLine);
    check_taken(line);
    return;
  }
  GK_ASSERT(!bad->message.empty() && is_utf8(bad->message));
  GK_ASSERT(bad->line.size() <= 256 && wanted.starts_with(bad->line));
  check_ours(error_line(bad->id, {Errc::invalid_argument, bad->message}));
}

void check_all(std::string_view text, const Reading& got) {
  std::size_t count = 0;
  for (;;) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    const bool too_long = line.size() > kMaxLine;
    if (end == std::string_view::npos && !too_long) {
      GK_ASSERT(got.rest == line);
      break;
    }
    if (!too_long && line.ends_with('\r')) line.remove_suffix(1);
    GK_ASSERT(count < got.lines.size());
    check(got.lines[count++], line);
    if (end == std::string_view::npos) {
      GK_ASSERT(got.rest.empty());
      break;
    }
    text.remove_prefix(end + 1);
  }
  GK_ASSERT(count == got.lines.size());
}

std::string expanded(std::string_view text) {
  constexpr std::size_t kMany = kMaxLine / 3;
  std::string out;
  int many = 0;
  for (const char c : text) {
    const bool is_many = (c == '\x01' || c == '\x02') && ++many <= 8;
    out.append(is_many ? kMany : 1, c == '\x01' ? 'x' : c == '\x02' ? ' ' : c);
  }
  return out;
}

}  // namespace
}  // namespace gk::macros::json_lines

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gk::macros::json_lines;
#ifdef GK_JSON_LINES_MUTANTS
  active_mutant_for_test = MutantForTest::lines_without_end;
#endif
  if (size == 0) return 0;
  const std::string text = expanded({reinterpret_cast<const char*>(data) + 1, size - 1});
  // Pieces of a few bytes, and of many where there is much.
  const std::size_t piece = (1 + data[0]) * (text.size() > 8192 ? 64U : 1U);
  check_all(text, read_in_pieces(text, piece));
  check_all(text, read_in_pieces(text, text.size() + 1));
  return 0;
}
