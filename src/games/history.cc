#include "games/history.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/utf8.h"

namespace gk::games {

std::string_view history_kind_name(HistoryKind kind) {
  switch (kind) {
    case HistoryKind::command: return "command";
    case HistoryKind::reply: return "reply";
    case HistoryKind::error: return "error";
    case HistoryKind::line: return "line";
    case HistoryKind::state: return "state";
  }
  return "line";
}

std::string history_entry_json(const HistoryEntry& entry) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("game", entry.game).field("seq", entry.seq).field("at", entry.at);
  w.field("kind", history_kind_name(entry.kind)).field("sender", entry.sender);
  w.field("text", entry.text).end_object();
  return out;
}

const HistoryEntry& History::add(std::string_view game, HistoryKind kind, WallTime at,
                                 std::string_view sender, std::string_view text) {
  HistoryEntry entry{std::string(game), ++last_, at, kind, std::string(sender), {}};
  if (text.size() <= kMaxText) {
    entry.text = text;
  } else {
    std::size_t end = kMaxText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    entry.text = std::string(text.substr(0, end)) + "…";
  }
  entries_.push(std::move(entry));
  return entries_.back();
}

void Completions::add_known(std::string word) {
  if (known_.size() < kKnown && !word.empty() && word.size() <= 64) known_.insert(std::move(word));
}

void Completions::add_used(std::string_view command) {
  std::erase(used_, command);
  used_.emplace_front(command);
  if (used_.size() > kUsed) used_.pop_back();
}

std::vector<std::string> Completions::matching(std::string_view prefix) const {
  std::vector<std::string> out;
  for (const std::string& command : used_) {
    if (out.size() < kAnswer / 2 && command.starts_with(prefix)) out.push_back(command);
  }
  for (auto it = known_.lower_bound(prefix); it != known_.end() && it->starts_with(prefix); ++it) {
    if (out.size() >= kAnswer) break;
    if (std::find(out.begin(), out.end(), *it) == out.end()) out.push_back(*it);
  }
  return out;
}

}  // namespace gk::games
