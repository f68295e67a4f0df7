#include "macros/scripts/console_log.h"

#include <algorithm>
#include <utility>

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

ConsoleLog::Log& ConsoleLog::make_room(const std::string& macro_id) {
  if (logs_.count(macro_id) == 0 && logs_.size() >= kMaxMacros) {
    const auto silent =
        std::min_element(logs_.begin(), logs_.end(), [](const auto& a, const auto& b) {
          return a.second.lines.back().at < b.second.lines.back().at;
        });
    dropped_.insert(silent->first);
    logs_.erase(silent);
  }
  return logs_[macro_id];
}

void ConsoleLog::cut(Log& log) {
  while (log.bytes > kMaxBytes) {
    log.bytes -= log.lines.front().text.size();
    log.lines.pop_front();
  }
}

const ConsoleLine& ConsoleLog::add(const std::string& macro_id, std::string_view text,
                                   WallTime now) {
  Log& log = make_room(macro_id);
  log.lines.push_back({++log.last, now, clean(text)});
  log.bytes += log.lines.back().text.size();
  cut(log);
  return log.lines.back();
}

void ConsoleLog::restore(const std::string& macro_id, std::vector<ConsoleLine> lines) {
  Log& log = make_room(macro_id);
  for (ConsoleLine& line : lines) {
    log.last = line.number;
    log.bytes += line.text.size();
    log.lines.push_back(std::move(line));
  }
  cut(log);
}

std::vector<std::string> ConsoleLog::take_dropped() {
  const std::set<std::string> dropped = std::exchange(dropped_, {});
  return {dropped.begin(), dropped.end()};
}

const std::deque<ConsoleLine>* ConsoleLog::lines(std::string_view macro_id) const {
  const auto found = logs_.find(macro_id);
  return found == logs_.end() ? nullptr : &found->second.lines;
}

void ConsoleLog::forget(std::string_view macro_id) {
  const auto found = logs_.find(macro_id);
  if (found == logs_.end()) return;
  dropped_.insert(found->first);
  logs_.erase(found);
}

}  // namespace gk::macros
