#include "macros/scripts/console_log.h"

#include <algorithm>

#include "base/utf8.h"

namespace gk::macros {
namespace {

std::string clean(std::string_view text) {
  constexpr std::string_view kCut = "…";
  const bool cut = text.size() > ConsoleLog::kMaxLine;
  std::string out(text.substr(0, ConsoleLog::kMaxLine));
  while (cut && !out.empty() && !is_utf8(out) && out.size() > ConsoleLog::kMaxLine - 4) {
    out.pop_back();
  }
  const bool readable = is_utf8(out);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f || (!readable && byte >= 0x80)) c = '?';
  }
  if (cut) out += kCut;
  return out;
}

}  // namespace

const ConsoleLine& ConsoleLog::add(const std::string& macro_id, std::string_view text,
                                   WallTime now) {
  if (logs_.count(macro_id) == 0 && logs_.size() >= kMaxMacros) {
    const auto silent =
        std::min_element(logs_.begin(), logs_.end(), [](const auto& a, const auto& b) {
          return a.second.lines.back().at < b.second.lines.back().at;
        });
    logs_.erase(silent);
  }
  Log& log = logs_[macro_id];
  log.lines.push_back({++log.last, now, clean(text)});
  log.bytes += log.lines.back().text.size();
  while (log.bytes > kMaxBytes) {
    log.bytes -= log.lines.front().text.size();
    log.lines.pop_front();
  }
  return log.lines.back();
}

const std::deque<ConsoleLine>* ConsoleLog::lines(std::string_view macro_id) const {
  const auto found = logs_.find(macro_id);
  return found == logs_.end() ? nullptr : &found->second.lines;
}

void ConsoleLog::forget(std::string_view macro_id) {
  if (const auto found = logs_.find(macro_id); found != logs_.end()) logs_.erase(found);
}

}  // namespace gk::macros
